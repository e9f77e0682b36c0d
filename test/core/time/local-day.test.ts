import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { createLocalDays, monthOf } from '../../../lib/core/time/local-day.ts';

const HOUR = 3_600_000;
const at = (iso: string): number => Date.parse(iso);

/** Zone, an instant in the day, its name, its first instant and the first one of the next day. */
const DAYS: readonly (readonly [title: string, zone: string, at: string, name: string, start: string, end: string])[] = [
  ['an ordinary day', 'Europe/Vienna', '2026-11-27T12:00:00Z', '2026-11-27', '2026-11-26T23:00:00Z', '2026-11-27T23:00:00Z'],
  ['its first millisecond', 'Europe/Vienna', '2026-11-26T23:00:00.000Z', '2026-11-27', '2026-11-26T23:00:00Z', '2026-11-27T23:00:00Z'],
  ['its last millisecond', 'Europe/Vienna', '2026-11-27T22:59:59.999Z', '2026-11-27', '2026-11-26T23:00:00Z', '2026-11-27T23:00:00Z'],
  ['the day of 23 hours', 'Europe/Vienna', '2026-03-29T12:00:00Z', '2026-03-29', '2026-03-28T23:00:00Z', '2026-03-29T22:00:00Z'],
  ['the day of 25 hours', 'Europe/Vienna', '2026-10-25T12:00:00Z', '2026-10-25', '2026-10-24T22:00:00Z', '2026-10-25T23:00:00Z'],
  ['a day without a midnight', 'America/Sao_Paulo', '2018-11-04T12:00:00Z', '2018-11-04', '2018-11-04T03:00:00Z', '2018-11-05T02:00:00Z'],
  ['a day before one that was left out', 'Pacific/Apia', '2011-12-30T05:00:00Z', '2011-12-29', '2011-12-29T10:00:00Z', '2011-12-30T10:00:00Z'],
  ['a zone of 45 minutes', 'Asia/Kathmandu', '2026-11-27T18:14:59Z', '2026-11-27', '2026-11-26T18:15:00Z', '2026-11-27T18:15:00Z'],
  ['a clock change of half an hour', 'Australia/Lord_Howe', '2026-04-05T00:00:00Z', '2026-04-05', '2026-04-04T13:00:00Z', '2026-04-05T13:30:00Z'],
  ['a zone that does not exist, taken for UTC', 'Etc/Unknown', '2026-11-27T12:00:00Z', '2026-11-27', '2026-11-27T00:00:00Z', '2026-11-28T00:00:00Z'],
];

describe('a local day', () => {
  for (const [title, zone, instant, name, start, end] of DAYS) {
    it(`is right for ${title}`, () => assert.deepEqual(createLocalDays(zone).dayAt(at(instant)), { name, startMs: at(start), endMs: at(end) }));
  }

  it('follows the one before it without a gap, whatever the zone, and its month ends with one of its days', () => {
    const zones = ['UTC', 'Europe/Vienna', 'America/New_York', 'America/Santiago', 'Africa/Cairo', 'Asia/Beirut', 'Pacific/Apia', 'Pacific/Chatham'];
    fc.assert(
      fc.property(fc.constantFrom(...zones), fc.integer({ min: at('1995-01-01T00:00:00Z'), max: at('2040-01-01T00:00:00Z') }), (zone, ms) => {
        const days = createLocalDays(zone);
        const day = days.dayAt(ms);
        assert.ok(day.startMs <= ms && ms < day.endMs);
        assert.ok(day.endMs - day.startMs >= 22 * HOUR && day.endMs - day.startMs <= 26 * HOUR);
        const next = days.dayAt(day.endMs);
        assert.ok(next.startMs === day.endMs && next.name > day.name);
        assert.equal(days.dayAt(day.startMs - 1).endMs, day.startMs);
        const monthEnd = days.monthEndMs(ms);
        assert.ok(monthEnd > ms && monthOf(createLocalDays(zone).dayAt(monthEnd - 1).name) === monthOf(day.name));
        assert.ok(monthOf(days.dayAt(monthEnd).name) > monthOf(day.name));
      }),
      { numRuns: 60 },
    );
  });

  it('goes on from a day that was remembered elsewhere, and asks anew for every other one', () => {
    const first = createLocalDays('Europe/Vienna');
    const day = first.dayAt(at('2026-10-25T12:00:00Z'));
    assert.deepEqual(first.latest(), day);
    const next = createLocalDays('Europe/Vienna', day);
    assert.deepEqual([next.latest(), next.dayAt(day.endMs - 1)], [day, day]);
    assert.deepEqual(next.dayAt(day.endMs), createLocalDays('Europe/Vienna').dayAt(day.endMs));
  });

  it('answers something whatever the clock says', () => {
    assert.equal(createLocalDays('Europe/Vienna').latest(), undefined);
    const days = createLocalDays('Europe/Vienna');
    for (const ms of [Number.NaN, -1, Number.POSITIVE_INFINITY, 1e18, 0]) assert.match(days.dayAt(ms).name, /^\d{4}-\d\d-\d\d$/);
  });
});
