import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { describe, it } from 'node:test';
import { Cron } from 'croner';
import fc from 'fast-check';
import { instantsBetween } from '../../lib/core/time/calendar.ts';
import { parseCron } from '../../lib/core/time/cron.ts';
import { zoneOf } from '../../lib/core/time/zone.ts';
import { type CalendarEntry, launchdTimes } from '../../lib/schedules/launchd-calendar.ts';
import { timerLines } from '../../lib/schedules/systemd-calendar.ts';
import { cronerLine, wantsBothDays } from '../support/croner-line.ts';
import { DAY, firesBetween, launchdFires, MINUTE, systemdFires } from './calendars.ts';
import { scheduleOf } from './jobs.ts';

const FROM = Date.parse('2026-01-01T00:00Z');
const TEN_YEARS = 3653 * DAY;
const NOW = Date.parse('2026-11-20T10:00Z');

function field(first: number, last: number): fc.Arbitrary<string> {
  const value = fc.integer({ min: first, max: last });
  const range = fc.tuple(value, value).map(([a, b]) => `${Math.min(a, b)}-${Math.max(a, b)}`);
  const step = fc.integer({ min: 1, max: last - first + 1 });
  const part = fc.oneof(
    value.map(String),
    range,
    fc.tuple(range, step).map(([a, by]) => `${a}/${by}`),
    step.map((by) => `*/${by}`),
  );
  const list = fc.array(part, { minLength: 1, maxLength: 3 }).map((parts) => parts.join(','));
  return fc.oneof({ weight: 3, arbitrary: fc.constant('*') }, { weight: 5, arbitrary: list });
}

const cron = fc
  .tuple(field(0, 59), field(0, 23), field(1, 31), field(1, 12), field(0, 6))
  .map((fields) => fields.join(' '))
  .filter((text) => parseCron(text).kind === 'rule');

const calendarsOf = (line: string): readonly string[] =>
  timerLines(scheduleOf(line)).map((text) => {
    assert.match(text, /^OnCalendar=/);
    return text.slice('OnCalendar='.length);
  });

/** Days or months that the line names are named by no entry: there would be too many, or launchd cannot say it. */
function isWidened(line: string, calendar: readonly CalendarEntry[]): boolean {
  if (wantsBothDays(line)) return true;
  const [, , days, months, weekdays] = line.split(' ');
  const isNamed = (keys: readonly (keyof CalendarEntry)[]): boolean => calendar.some((entry) => keys.some((key) => entry[key] !== undefined));
  return (months !== '*' && !isNamed(['Month'])) || ((days !== '*' || weekdays !== '*') && !isNamed(['Day', 'Weekday']));
}

describe('D12 a cron line, as launchd and as systemd have it', () => {
  it('fires when croner says so, over ten years, for thousands of expressions', () => {
    let compared = 0;
    fc.assert(
      fc.property(cron, fc.nat({ max: TEN_YEARS / DAY }), (line, day) => {
        const oracle = new Cron(cronerLine(line), { timezone: 'UTC' });
        const units = calendarsOf(line);
        const { calendar, everySeconds } = launchdTimes(scheduleOf(line), 'UTC', NOW);
        assert.equal(everySeconds, undefined);
        // From half an hour before an instant somewhere in these years to an hour behind it.
        const next = oracle.nextRun(new Date(FROM + day * DAY))?.getTime() ?? FROM;
        const [start, end] = [next - 30 * MINUTE, next + 60 * MINUTE];
        const expected: number[] = [];
        for (let at = oracle.nextRun(new Date(start - 1000)); at !== null && at.getTime() < end; at = oracle.nextRun(at)) expected.push(at.getTime());
        assert.deepEqual(firesBetween(systemdFires(units), start, end), expected, units.join('\n'));
        const knocks = firesBetween(launchdFires(calendar), start, end);
        if (!isWidened(line, calendar)) assert.deepEqual(knocks, expected);
        else
          assert.ok(
            expected.every((at) => knocks.includes(at)),
            'where that cannot be said in so many entries it knocks more often, never less',
          );
        compared += expected.length;
      }),
      { numRuns: 700 },
    );
    assert.ok(compared > 700, `${compared} instants were compared`);
  });

  it('fires on the same days, over ten years', () => {
    fc.assert(
      fc.property(field(1, 31), field(1, 12), field(0, 6), (days, months, weekdays) => {
        const line = `0 12 ${days} ${months} ${weekdays}`;
        fc.pre(parseCron(line).kind === 'rule');
        const units = calendarsOf(line);
        const knocks = launchdFires(launchdTimes(scheduleOf(line), 'UTC', NOW).calendar);
        const firesHere = [systemdFires(units), ...(wantsBothDays(line) ? [] : [knocks])];
        const oracle = new Cron(cronerLine(line), { timezone: 'UTC' });
        let next = oracle.nextRun(new Date(FROM - 1000))?.getTime();
        for (let at = FROM + DAY / 2; at < FROM + TEN_YEARS; at += DAY) {
          const isDue = at === next;
          for (const fires of firesHere) if (fires(at) !== isDue) assert.fail(`${line} ${new Date(at).toISOString()} ${units.join(' | ')}`);
          if (isDue) assert.ok(knocks(at), line);
          if (isDue) next = oracle.nextRun(new Date(at))?.getTime();
        }
      }),
      { numRuns: 12 },
    );
  });

  it('fires when systemd itself says so', () => {
    const lines = fc.sample(cron, { numRuns: 40, seed: 11 }).concat('0 7 13 * 5', '*/5 9-17 * * 1-5', '0 0 29 2 *', '0 12 * * 6,0');
    for (const line of lines) {
      const calendars = calendarsOf(line);
      const base = '2026-11-20 10:00:00 UTC';
      const said = spawnSync('systemd-analyze', ['calendar', '--iterations=20', `--base-time=${base}`, ...calendars.map((text) => `${text} UTC`)], {
        encoding: 'utf8',
        env: { PATH: process.env.PATH, TZ: 'UTC' },
      });
      if (said.error !== undefined) return; // No systemd here.
      assert.equal(said.status, 0, said.stderr);
      const told = [...said.stdout.matchAll(/(?:Next elapse|Iteration #\d+|Iter\. #\d+): \w{3} (\S+ \S+) UTC/g)].map(([, at]) =>
        Date.parse(`${at?.replace(' ', 'T')}Z`),
      );
      const oracle = new Cron(cronerLine(line), { timezone: 'UTC' }).nextRuns(20, new Date(base)).map((at) => at.getTime());
      const firsts = [...new Set(told)].sort((a, b) => a - b).slice(0, oracle.length);
      assert.deepEqual(firsts, oracle, `${line}\n${calendars.join('\n')}`);
    }
  });
});

describe('P33 schedules in words, as launchd and as systemd have them', () => {
  const words = [
    'every 90s',
    'every 30m',
    'every 45m',
    'every 50m',
    'every 90m',
    'every 2h',
    'every 7h',
    'every 36h',
    'hourly :22',
    'daily 7:00,19:30',
    'weekly mon,thu 7:33',
    'monthly 1,15 7:00',
  ];

  it('knock at every slot, and where they can say it exactly at no other time', () => {
    for (const line of words) {
      const from = Date.parse('2026-11-20T00:00Z');
      const until = from + (/week|month|36h/.test(line) ? 32 : 3) * DAY;
      const slots = [...instantsBetween(scheduleOf(line), zoneOf('UTC'), from - 1, until - 1)];
      const unit = systemdFires(timerLines(scheduleOf(line)).map((text) => text.replace('OnCalendar=', '')));
      const agent = launchdFires(launchdTimes(scheduleOf(line), 'UTC', NOW).calendar);
      // launchd knows no seconds: a slot between two minutes is knocked for within that minute or at the next one.
      assert.deepEqual(
        slots.filter((at) => !unit(at) || !agent(Math.ceil(at / MINUTE) * MINUTE)),
        [],
        line,
      );
      if (['every 50m', 'every 7h', 'every 36h', 'every 90s'].includes(line)) continue;
      assert.deepEqual([firesBetween(unit, from, until), firesBetween(agent, from, until)], [slots, slots], line);
    }
    assert.deepEqual(timerLines(scheduleOf('every 7s')), ['OnActiveSec=7s', 'OnUnitActiveSec=7s']);
    assert.deepEqual(launchdTimes(scheduleOf('every 30s'), 'UTC', NOW), { calendar: [], everySeconds: 30 });
  });

  it('of another zone knock in launchd at every slot all the same, winter and summer', () => {
    const zones = ['America/New_York', 'Asia/Kolkata', 'Pacific/Auckland', 'Australia/Lord_Howe', 'UTC'];
    const lines = ['daily 7:00', 'weekly mon 0:30', '30 23 31 * *', '*/20 * * * *', '0 3 * 2 1'];
    const machine = zoneOf('Europe/Vienna');
    const from = Date.parse('2026-12-01T00:00Z');
    for (const timezone of zones)
      for (const line of lines) {
        const schedule = scheduleOf(line, timezone);
        const { calendar } = launchdTimes(schedule, 'Europe/Vienna', NOW);
        const slots = [...instantsBetween(schedule, zoneOf(timezone), from, from + 380 * DAY)];
        const fires = launchdFires(calendar);
        const unheard = slots.filter((at) => !fires(machine.localMs(at)));
        // Where clocks change, a slot comes at the first instant after the gap; the owner fires that one itself.
        const atChange = unheard.filter((at) => [zoneOf(timezone), machine].some((zone) => zone.localMs(at) - zone.localMs(at - 3_600_000) !== 3_600_000));
        assert.deepEqual(
          unheard.map((at) => new Date(at).toISOString()),
          atChange.map((at) => new Date(at).toISOString()),
          `${line} in ${timezone}`,
        );
        assert.ok(calendar.length < 1500);
      }
  });
});
