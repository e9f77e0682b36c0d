import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Cron } from 'croner';
import fc from 'fast-check';
import { instantsBetween, lastInstant, nextInstant } from '../../../lib/core/time/calendar.ts';
import { parseCron } from '../../../lib/core/time/cron.ts';
import type { Schedule } from '../../../lib/core/time/schedule.ts';
import { parseSchedule } from '../../../lib/core/time/schedule-words.ts';
import { zoneOf } from '../../../lib/core/time/zone.ts';
import { cronerLine } from '../../support/croner-line.ts';

function scheduleOf(...lines: readonly string[]): Schedule {
  const rules = lines.flatMap((line) => {
    const read = parseSchedule(line);
    assert.ok(read.kind === 'rule', `${line}: ${read.kind === 'fault' ? read.message : ''}`);
    return read.rule;
  });
  return { rules, timezone: undefined };
}

/** Slots of a stretch of time, as instants. */
function slots(zone: string, from: string, to: string, ...lines: readonly string[]): readonly string[] {
  return [...instantsBetween(scheduleOf(...lines), zoneOf(zone), Date.parse(from) - 1, Date.parse(to))].map((at) =>
    new Date(at).toISOString().replace(':00.000Z', 'Z'),
  );
}

describe('D12 P33 the instants of a schedule', () => {
  const VIENNA = 'Europe/Vienna'; // forward 2026-03-29T01:00Z, back 2026-10-25T01:00Z

  it('where clocks go forward, an hour that is not there runs at the first instant after the gap', () => {
    assert.deepEqual(slots(VIENNA, '2026-03-28T00:00Z', '2026-03-31T00:00Z', 'daily 2:30'), ['2026-03-28T01:30Z', '2026-03-29T01:00Z', '2026-03-30T00:30Z']);
    assert.deepEqual(slots(VIENNA, '2026-03-29T00:00Z', '2026-03-29T04:00Z', 'daily 2:10,2:50,3:00'), ['2026-03-29T01:00Z'], 'three times become one');
    assert.deepEqual(slots(VIENNA, '2026-03-28T22:00Z', '2026-03-29T04:00Z', 'every 2h'), [
      '2026-03-28T23:00Z',
      '2026-03-29T01:00Z',
      '2026-03-29T02:00Z',
      '2026-03-29T04:00Z',
    ]);
  });

  it('a day and a weekday are either, but both where one of them begins with a star', () => {
    const from: readonly [string, string, string] = ['UTC', '2026-11-01T00:00Z', '2026-11-17T00:00Z'];
    const days = (line: string): readonly number[] => slots(...from, line).map((at) => Number(at.slice(8, 10)));
    assert.deepEqual(days('0 9 1,15 * mon'), [1, 2, 9, 15, 16]);
    assert.deepEqual(days('0 9 */100,1-7 * mon'), [2], 'the first Monday');
    assert.deepEqual(days('0 9 */2 * mon'), [9]);
    assert.deepEqual(days('0 9 1-7 * */2'), [1, 3, 5, 7]);
    assert.deepEqual(days('0 9 1-7,*/100 * mon'), [1, 2, 3, 4, 5, 6, 7, 9, 16], 'it is the first letter that counts');
    assert.equal(parseCron('0 9 31 2 */2').kind, 'fault');
    const leap = nextInstant(scheduleOf('0 0 29 2 */7'), zoneOf('UTC'), Date.parse('2033-01-01T00:00Z'));
    assert.equal(leap, Date.parse('2060-02-29T00:00Z'));
  });

  it('where clocks go back, an hour that comes twice runs once', () => {
    assert.deepEqual(slots(VIENNA, '2026-10-24T00:00Z', '2026-10-27T00:00Z', 'daily 2:30'), ['2026-10-24T00:30Z', '2026-10-25T00:30Z', '2026-10-26T01:30Z']);
    assert.deepEqual(slots(VIENNA, '2026-10-24T22:00Z', '2026-10-25T05:00Z', 'every 2h'), [
      '2026-10-24T22:00Z',
      '2026-10-25T00:00Z',
      '2026-10-25T03:00Z',
      '2026-10-25T05:00Z',
    ]);
  });

  it('what comes every hour, or more often, goes by time as it passes: no gap in it, and no silence', () => {
    for (const line of ['every 30m', '*/30 * * * *', '0,30 * * * *'])
      for (const [from, to] of [
        ['2026-03-29T00:00Z', '2026-03-29T03:00Z'],
        ['2026-10-25T00:00Z', '2026-10-25T03:00Z'],
      ] as const)
        assert.equal(slots(VIENNA, from, to, line).length, 7, `${line} from ${from}`);
  });

  it('zones of half an hour, half an hour of summer time, and a day that was left out', () => {
    assert.deepEqual(slots('Asia/Kolkata', '2026-01-01T00:00Z', '2026-01-01T02:00Z', 'hourly :00'), ['2026-01-01T00:30Z', '2026-01-01T01:30Z']);
    assert.deepEqual(slots('Asia/Kolkata', '2026-01-01T00:00Z', '2026-01-01T13:00Z', 'every 6h'), [
      '2026-01-01T00:30Z',
      '2026-01-01T06:30Z',
      '2026-01-01T12:30Z',
    ]);
    assert.deepEqual(slots('Asia/Kathmandu', '2026-01-01T00:00Z', '2026-01-02T00:00Z', 'daily 7:00'), ['2026-01-01T01:15Z']);
    // Lord Howe: forward by half an hour at 2026-10-03T15:30Z, from 2:00 to 2:30.
    assert.deepEqual(slots('Australia/Lord_Howe', '2026-10-03T00:00Z', '2026-10-04T20:00Z', 'daily 2:15'), ['2026-10-03T15:30Z', '2026-10-04T15:15Z']);
    // Samoa left 30 December 2011 out.
    assert.deepEqual(slots('Pacific/Apia', '2011-12-29T11:00Z', '2011-12-31T23:00Z', 'daily 12:00'), [
      '2011-12-29T22:00Z',
      '2011-12-30T10:00Z',
      '2011-12-30T22:00Z',
      '2011-12-31T22:00Z',
    ]);
  });

  it('the 29th of February, the 31st, and cron’s rule that one of day and weekday is enough', () => {
    assert.deepEqual(slots('UTC', '2026-01-01T00:00Z', '2033-01-01T00:00Z', '0 7 29 2 *'), ['2028-02-29T07:00Z', '2032-02-29T07:00Z']);
    assert.equal(nextInstant(scheduleOf('0 0 29 2 *'), zoneOf('UTC'), Date.UTC(2096, 2, 1)), Date.UTC(2104, 1, 29));
    assert.deepEqual(
      slots('UTC', '2026-01-01T00:00Z', '2026-12-31T23:00Z', 'monthly 31 6:00').map((at) => at.slice(5, 7)),
      ['01', '03', '05', '07', '08', '10', '12'],
    );
    assert.deepEqual(slots('UTC', '2026-11-01T00:00Z', '2026-11-30T00:00Z', '0 0 13 * fri'), [
      '2026-11-06T00:00Z',
      '2026-11-13T00:00Z',
      '2026-11-20T00:00Z',
      '2026-11-27T00:00Z',
    ]);
  });

  it('a list of lines is one schedule, and an instant that two of them name is one slot', () => {
    assert.deepEqual(slots('UTC', '2026-11-20T06:00Z', '2026-11-20T19:30Z', 'daily 7:00,19:30', 'every 12h', 'fri'.replace('fri', 'weekly fri 7:00')), [
      '2026-11-20T07:00Z',
      '2026-11-20T12:00Z',
      '2026-11-20T19:30Z',
    ]);
  });

  it('an interval has the same slots whenever one asks', () => {
    const schedule = scheduleOf('every 45m');
    const zone = zoneOf('America/New_York');
    fc.assert(
      fc.property(fc.integer({ min: Date.UTC(2020, 0), max: Date.UTC(2030, 0) }), (atMs) => {
        const next = nextInstant(schedule, zone, atMs) as number;
        assert.ok(next > atMs && next - atMs <= 45 * 60_000);
        assert.equal(zone.localMs(next) % (45 * 60_000), 0);
      }),
    );
  });

  it('the last slot is the one that no other follows', () => {
    fc.assert(
      fc.property(cronText(), fc.constantFrom(...ZONES), fc.integer({ min: Date.UTC(2024, 0), max: Date.UTC(2034, 0) }), (text, name, atMs) => {
        const [schedule, zone] = [scheduleOf(text), zoneOf(name)];
        const last = lastInstant(schedule, zone, atMs);
        if (last === undefined) return;
        assert.ok(last <= atMs);
        assert.ok((nextInstant(schedule, zone, last) ?? Number.POSITIVE_INFINITY) > atMs);
        assert.equal(nextInstant(schedule, zone, last - 1), last);
      }),
      { numRuns: 300 },
    );
  });
});

const ZONES = ['UTC', 'Europe/Vienna', 'America/New_York', 'Asia/Kolkata', 'Australia/Lord_Howe', 'America/Santiago', 'Pacific/Chatham', 'Africa/Casablanca'];

/** A field as people write it: every, a list, a range, steps. */
function field(first: number, last: number): fc.Arbitrary<string> {
  const one = fc.integer({ min: first, max: last });
  const range = fc.tuple(one, one).map(([a, b]) => `${Math.min(a, b)}-${Math.max(a, b)}`);
  const step = fc.integer({ min: 1, max: Math.max(2, Math.floor((last - first) / 2)) });
  return fc.oneof(
    { weight: 4, arbitrary: fc.constant('*') },
    { weight: 3, arbitrary: one.map(String) },
    fc.array(one, { minLength: 1, maxLength: 4 }).map((values) => values.join(',')),
    range,
    step.map((by) => `*/${by}`),
    fc.tuple(range, step).map(([from, by]) => `${from}/${by}`),
  );
}

function cronText(): fc.Arbitrary<string> {
  return fc
    .tuple(field(0, 59), field(0, 23), field(1, 31), field(1, 12), field(0, 6))
    .map((fields) => fields.join(' '))
    .filter((text) => parseCron(text).kind === 'rule');
}

const DAY_MS = 86_400_000;

/** A change of the clocks within two days: there the two differ on purpose. */
function isNearChange(zone: ReturnType<typeof zoneOf>, atMs: number): boolean {
  return zone.spanAt(atMs - 2 * DAY_MS).offsetMs !== zone.spanAt(atMs + 2 * DAY_MS).offsetMs;
}

describe('the calendar agrees with croner', () => {
  it('over ten years, for thousands of expressions, but where clocks change', () => {
    let compared = 0;
    const check = (text: string, name: string, fromMs: number): void => {
      const [schedule, zone] = [scheduleOf(text), zoneOf(name)];
      const cron = new Cron(cronerLine(text), { timezone: name, paused: true });
      let atMs = fromMs;
      for (let n = 0; n < 4; n += 1) {
        const ours = nextInstant(schedule, zone, atMs);
        const theirs = cron.nextRun(new Date(atMs))?.getTime();
        if (ours === undefined || isNearChange(zone, ours) || isNearChange(zone, atMs) || theirs === undefined || isNearChange(zone, theirs)) return;
        assert.equal(new Date(ours).toISOString(), new Date(theirs).toISOString(), `${text} in ${name} after ${new Date(atMs).toISOString()}`);
        compared += 1;
        atMs = ours;
      }
    };
    fc.assert(
      fc.property(
        cronText(),
        fc.constantFrom(...ZONES),
        fc.integer({ min: Date.UTC(2024, 0), max: Date.UTC(2034, 0) }).map((at) => at - (at % 1000)),
        check,
      ),
      {
        numRuns: 2500,
      },
    );
    assert.ok(compared > 4000, `only ${compared} instants were compared`);
  });
});
