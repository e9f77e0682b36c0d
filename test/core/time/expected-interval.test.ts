import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { instantsBetween } from '../../../lib/core/time/calendar.ts';
import { expectedIntervalMs } from '../../../lib/core/time/expected-interval.ts';
import type { CadenceSchedule } from '../../../lib/core/time/schedule.ts';
import { parseSchedule } from '../../../lib/core/time/schedule-words.ts';
import { zoneOf } from '../../../lib/core/time/zone.ts';

const HOUR = 3_600_000;

function scheduleOf(...lines: readonly string[]): CadenceSchedule {
  const rules = lines.flatMap((line) => {
    const read = parseSchedule(line);
    assert.ok(read.kind === 'rule', line);
    return read.rule;
  });
  return { rules, timezone: undefined, catchup: 'latest', windowMs: undefined, staggerMs: 0, jitterMs: 0 };
}

const hours = (...lines: readonly string[]): number => (expectedIntervalMs(scheduleOf(...lines)) ?? Number.NaN) / HOUR;

describe('P22 after how long a run is missing', () => {
  it('comes from the schedule itself', () => {
    const cases: readonly (readonly [string, number])[] = [
      ['every 10m', 0.25],
      ['every 2h', 3],
      ['every 24h', 36],
      ['hourly :22', 1.5],
      ['*/15 * * * *', 0.375],
      ['daily 7:00', 26],
      ['weekly mon 7:33', 180],
      ['daily 7:00,19:00', 14],
      ['daily 7:00,9:00,23:00', 16],
      ['weekdays 7:00', 74],
      ['*/5 9-17 * * 1-5', 63 + 5 / 60 + 2],
      ['monthly 1 7:00', 31 * 24 + 12],
      ['0 0 31 * *', 61 * 24 + 12],
    ];
    for (const [line, expected] of cases) assert.ok(Math.abs(hours(line) - expected) < 1e-6, `${line}: ${hours(line)} h, expected ${expected} h`);
  });

  it('is the largest gap of all lines together, and gives room for what spreads the starts', () => {
    assert.equal(hours('daily 7:00', 'daily 19:00'), 14);
    assert.equal((expectedIntervalMs({ ...scheduleOf('daily 7:00'), staggerMs: HOUR, jitterMs: 2 * HOUR }) ?? 0) / HOUR, 29);
    assert.equal(expectedIntervalMs(scheduleOf('0 0 29 2 *')), (4 * 365 + 1) * 24 * HOUR + 12 * HOUR);
  });

  it('is longer than any wait between two slots, in a zone that changes its clocks, too', () => {
    const minute = fc.integer({ min: 0, max: 59 });
    const hour = fc.integer({ min: 0, max: 23 });
    const weekday = fc.constantFrom('*', '1-5', '0', '2,4', '6');
    fc.assert(
      fc.property(minute, fc.uniqueArray(hour, { minLength: 1, maxLength: 4 }), weekday, (at, when, days) => {
        const schedule = scheduleOf(`${at} ${when.join(',')} * * ${days}`);
        const expected = expectedIntervalMs(schedule) ?? 0;
        const slots = [...instantsBetween(schedule, zoneOf('Europe/Vienna'), Date.UTC(2026, 0, 1), Date.UTC(2026, 11, 31))];
        for (const [index, slot] of slots.slice(1).entries()) assert.ok(slot - (slots[index] as number) < expected);
      }),
      { numRuns: 40 },
    );
  });
});
