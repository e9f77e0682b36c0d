import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { scheduleKey } from '../../lib/core/time/schedule.ts';
import { createYard, loadOne, placesOf } from './definition-yard.ts';

const RUN = 'run: {command: ["true"]}\n';

describe('the schedule of a cadence file', () => {
  it('is one line or a list, with its companions and their defaults', () => {
    const { cadence } = loadOne('job.yaml', `${RUN}schedule: ["0 2 * * *", weekly mon 7:33]\ntimezone: Europe/Vienna\nwindow: 2h\nstagger: 10m\njitter: 0\n`);
    const { rules = [], ...policy } = cadence?.schedule ?? {};
    assert.deepEqual(
      rules.map(({ text }) => text),
      ['0 2 * * *', 'weekly mon 7:33'],
    );
    assert.deepEqual(policy, { timezone: 'Europe/Vienna', catchup: 'latest', windowMs: 7_200_000, staggerMs: 600_000, jitterMs: 0 });
    assert.equal(loadOne('job.yaml', RUN).cadence?.schedule, undefined);
  });

  it('the same slots are the same schedule, however they are written', () => {
    const keyOf = (line: string): string => scheduleKey(loadOne('job.yaml', `${RUN}schedule: ${line}\n`).cadence?.schedule ?? { rules: [], timezone: 'none' });
    assert.equal(keyOf('daily 7:00'), keyOf('"0 7 * * *"'));
    assert.notEqual(keyOf('daily 7:00'), keyOf('daily 7:01'));
  });

  it('is refused at its place where it means nothing, or never comes', () => {
    const cases: readonly (readonly [string, string, RegExp])[] = [
      ['schedule: "0 0 30 2 *"\n', '2:11 schedule', /never comes: there is no day 30 in feb/],
      ['schedule: [hourly, dayly 7:00]\n', '2:20 schedule[1]', /expected a schedule.*Did you mean "daily"/],
      ['schedule: 5\n', '2:11 schedule', /found the number 5, expected a schedule such as/],
      ['schedule: []\n', '2:11 schedule', /found an empty list/],
      ['schedule: hourly\ntimezone: Vienna\n', '3:11 timezone', /found "Vienna", expected a time zone.*Did you mean "Europe\/Vienna"/],
      ['schedule: hourly\ntimezone: "+02:00"\n', '3:11 timezone', /expected a time zone such as Europe/],
      ['schedule: hourly\ncatchup: last\n', '3:10 catchup', /expected one of latest, all, skip.*Did you mean "latest"/],
      ['window: 2h\n', '2:1 window', /there is none.*Add schedule/],
      ['timezone: UTC\njitter: 5m\n', '2:1 timezone', /there is none/],
    ];
    for (const [text, place, says] of cases) {
      const { cadence, problems } = loadOne('job.yaml', RUN + text);
      assert.equal(cadence, undefined, text);
      assert.equal(placesOf(problems)[0], place, text);
      assert.match(`${problems[0]?.message} ${problems[0]?.hint}`, says, text);
    }
  });

  it('bus.yaml names who wakes up for it', () => {
    const yard = createYard();
    assert.equal(yard.load().settings().scheduler, 'builtin');
    yard.put('bus.yaml', 'scheduler: launchd\n');
    assert.equal(yard.load().settings().scheduler, 'launchd');
    yard.put('bus.yaml', 'scheduler: cron\n');
    assert.match(yard.load().problems()[0]?.message ?? '', /expected one of builtin, launchd, systemd/);
  });
});
