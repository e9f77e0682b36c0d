import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { CadenceSchedule, CalendarRule } from '../../../lib/core/time/schedule.ts';
import { describeSchedule } from '../../../lib/core/time/schedule-sentence.ts';
import { parseSchedule } from '../../../lib/core/time/schedule-words.ts';

const POLICY = { timezone: undefined, catchup: 'skip', windowMs: undefined, staggerMs: 0, jitterMs: 0 } as const;

function sentence(...lines: readonly string[]): string {
  const rules = lines.flatMap((line) => {
    const read = parseSchedule(line);
    return read.kind === 'rule' ? read.rule : assert.fail(`${line}: ${read.message}`);
  });
  return describeSchedule({ ...POLICY, rules }).replace(/; .*/, '');
}

function fault(line: string): string {
  const read = parseSchedule(line);
  return read.kind === 'fault' ? `${read.message}. ${read.hint}` : assert.fail(`${line} means something`);
}

describe('P33 D12 a schedule in words or in cron', () => {
  it('is restated in a sentence', () => {
    assert.deepEqual(
      [
        'every 30m',
        'every 90s',
        'hourly',
        'hourly :22',
        'daily 7:00,19:00',
        'daily at 7:05, 19:30',
        'weekdays 7:00',
        'weekends 10:00',
        'weekly mon 7:33',
        'weekly Monday,thu 7:33,8:00',
        'monthly 1,15 7:00',
        '@daily',
        '*/5 9-17 * * 1-5',
        '0 0 13 * fri',
        '0 2 1 1,jul *',
        '15 */6 * * *',
        '0 7 * * fri-sun',
        '0 7 * * 5-7',
        '0 7 * * mon-sun',
        '0 7 * * sun-tue',
        '0 9 */100,1-7 * mon',
        '0 7 1,2 jan,feb,jul *',
        'every 1h 30m',
        'every 25h30m',
        'weekdays at 7:00 and 19:00',
      ].map((line) => sentence(line)),
      [
        'every 30m',
        'every 1m 30s',
        'at :00 past every hour',
        'at :22 past every hour',
        'every day at 07:00 and 19:00',
        'every day at 07:05 and 19:30',
        'Monday to Friday at 07:00',
        'Saturday and Sunday at 10:00',
        'Monday at 07:33',
        'Monday and Thursday at 07:33 and 08:00',
        'on day 1 and 15 of the month at 07:00',
        'every day at 00:00',
        'every 5 minutes of the hours 09 to 17, Monday to Friday',
        'on day 13 of the month and also Friday at 00:00',
        'on day 1 of the month in January and July at 02:00',
        'every day at 00:15, 06:15, 12:15 and 18:15',
        'Friday to Sunday at 07:00',
        'Friday to Sunday at 07:00',
        'every day at 07:00',
        'Monday, Tuesday and Sunday at 07:00',
        'on day 1 to 7 of the month, if it is Monday at 09:00',
        'on day 1 and 2 of the month in January, February and July at 07:00',
        'every 1h 30m',
        'every 1d 1h 30m',
        'Monday to Friday at 07:00 and 19:00',
      ],
    );
  });

  it('says a time of day once that two lines name', () => {
    assert.equal(sentence('daily 7:00', 'every 12h', '0 7 * * *'), 'every 12h and every day at 07:00');
  });

  it('tells its zone, its spread and what becomes of missed times', () => {
    const [rule] = (parseSchedule('daily 7:00') as { readonly rule: CadenceSchedule['rules'] }).rule;
    const schedule: CadenceSchedule = {
      rules: [rule as CalendarRule],
      timezone: 'Europe/Vienna',
      catchup: 'latest',
      windowMs: 7_200_000,
      staggerMs: 600_000,
      jitterMs: 0,
    };
    assert.equal(
      describeSchedule(schedule),
      'every day at 07:00 in Europe/Vienna, up to 10m later; of missed times the latest is made up for, at most 2h late',
    );
  });

  it('Sunday is 0 and 7, names are any case, steps count from the first value', () => {
    const rule = (line: string): CalendarRule => (parseSchedule(line) as { readonly rule: readonly CalendarRule[] }).rule[0] as CalendarRule;
    assert.deepEqual(rule('0 0 * * 5-7').weekdays, [0, 5, 6]);
    assert.deepEqual(rule('0 0 * * SUN,Mon').weekdays, [0, 1]);
    assert.deepEqual(rule('5/20 0 * * *').minutes, [5, 25, 45]);
    assert.deepEqual(rule('10-40/15 0 * * *').minutes, [10, 25, 40]);
  });

  it('what means nothing says what is wrong and what to write', () => {
    const cases: readonly (readonly [string, RegExp])[] = [
      ['0 0 30 2 *', /never comes: there is no day 30 in feb/],
      ['0 0 31 4,jun *', /there is no day 31 in apr, jun/],
      ['60 * * * *', /"60", expected 0 to 59 in the field for the minute/],
      ['0 24 * * *', /expected 0 to 23 in the field for the hour/],
      ['0 22-2 * * *', /runs backwards.* Write 22-23,0-2/],
      ['0 7 * * sat-tue', /runs backwards.* Write 6-7,1-2/],
      ['0 7 * * sat-mon', /Write 6-7,1\./],
      ['7:00', /found "7:00", expected a schedule.*Did you mean "daily 7:00"/],
      ['30m', /Did you mean "every 30m"/],
      ['*/0 * * * *', /the step "0"/],
      ['0 0 L * *', /L, W and # are not known here/],
      ['* * * *', /found 4 fields, expected five/],
      ['0 0 0 * * *', /six fields.*every 30s/],
      ['@reboot', /no slot at a boot/],
      ['every', /Write every 90s, every 30m/],
      ['every 30', /expected a time with its unit/],
      ['every 0.5s', /whole seconds/],
      ['hourly 22', /hourly :22/],
      ['daily', /expected a time of day.*daily 7:00,19:00/],
      ['daily 25:00', /from 0:00 to 23:59/],
      ['daily 7am', /Hours go from 0 to 23/],
      ['weekly 7:33', /expected weekdays from mon to sun/],
      ['monthly 32 7:00', /from 1 to 31/],
      ['dayly 7:00', /Did you mean "daily"/],
      ['', /an empty text/],
      ['constructor', /expected a schedule/],
    ];
    for (const [line, expected] of cases) assert.match(fault(line), expected, line);
  });
});
