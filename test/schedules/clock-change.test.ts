import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { describe, it } from 'node:test';
import { instantsBetween } from '../../lib/core/time/calendar.ts';
import { slotsWithoutTimer } from '../../lib/core/time/clock-change.ts';
import { zoneOf } from '../../lib/core/time/zone.ts';
import { timerLines } from '../../lib/schedules/systemd-calendar.ts';
import { createDesk } from '../support/cli.ts';
import { scheduleOf } from './jobs.ts';

const HOUR = 3_600_000;
const iso = (at: number): string => new Date(at).toISOString().replace(':00.000Z', 'Z');
const gaps = (line: string, timezone: string): readonly string[] =>
  slotsWithoutTimer(scheduleOf(line, timezone), zoneOf(timezone), Date.parse('2026-01-01T00:00Z'), Date.parse('2027-01-01T00:00Z')).map(iso);

describe('slots for which no timer comes', () => {
  it('are those of the hour that is not there, and of the hour that comes twice', () => {
    assert.deepEqual(gaps('daily 2:30', 'Europe/Vienna'), ['2026-03-29T01:00Z']);
    assert.deepEqual(gaps('*/30 * * * *', 'Europe/Vienna'), ['2026-10-25T01:00Z', '2026-10-25T01:30Z']);
    assert.deepEqual(gaps('daily 7:00', 'Europe/Vienna'), []);
    assert.deepEqual(gaps('*/30 * * * *', 'UTC'), []);
  });

  it('are what systemd itself leaves out of them', () => {
    for (const [timezone, change] of [
      ['Europe/Vienna', '2026-03-29T01:00Z'],
      ['Europe/Vienna', '2026-10-25T01:00Z'],
      ['America/New_York', '2026-03-08T07:00Z'],
      ['America/New_York', '2026-11-01T06:00Z'],
    ] as const)
      for (const line of ['daily 2:30', 'daily 1:30', '*/30 * * * *', '15 1-4 * * *']) {
        const schedule = scheduleOf(line, timezone);
        const [from, until] = [Date.parse(change) - 6 * HOUR, Date.parse(change) + 6 * HOUR];
        const calendars = timerLines(schedule).map((text) => text.replace('OnCalendar=', ''));
        const base = `--base-time=@${(from - 1000) / 1000}`;
        const said = spawnSync('systemd-analyze', ['calendar', '--iterations=30', base, ...calendars], {
          encoding: 'utf8',
          env: { PATH: process.env.PATH, TZ: 'UTC' },
        });
        if (said.error !== undefined) return; // No systemd here.
        const told = [...said.stdout.matchAll(/\(in UTC\): \w{3} (\S+ \S+) UTC|(?:Next elapse|Iter\. #\d+|Iteration #\d+): \w{3} (\S+ \S+) UTC/g)];
        const timers = new Set(told.map(([, a, b]) => Date.parse(`${(a ?? b)?.replace(' ', 'T')}Z`)));
        const slots = [...instantsBetween(schedule, zoneOf(timezone), from - 1, until)];
        assert.deepEqual(
          slots.filter((at) => !timers.has(at)).map(iso),
          slotsWithoutTimer(schedule, zoneOf(timezone), from, until).map(iso),
          `${line} ${change}\n${said.stdout}`,
        );
      }
  });

  it('are pointed out by check, where timers are used', async () => {
    const desk = createDesk();
    desk.shell('night', 'echo', 'schedule: daily 2:30', 'timezone: Europe/Vienna');
    const viewOf = async (): Promise<readonly string[]> => ((await desk.ask('check')).said.schedules as { without_timer: string[] }[])[0]?.without_timer ?? [];
    assert.deepEqual(await viewOf(), []);
    desk.put('cadences/bus.yaml', 'scheduler: systemd\n');
    assert.equal((await viewOf()).length, 1, 'a year has one hour that is not there');
    assert.match((await desk.tell('check')).stderr, /clocks change: the timer of systemd does not come at .*; the owner fires it 90s later/);
  });
});
