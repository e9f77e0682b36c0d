import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { isTick, readTick } from '../../lib/wire/tick.ts';
import { tickSchema } from '../../lib/wire/tick-schema.ts';

const instant = fc.constantFrom(
  '2026-11-20T07:00:00Z',
  '2026-11-20T07:00:00.123+01:00',
  '2026-02-30T00:00:00Z',
  '2026-11-20',
  '20261120T070000000Z',
  'soon',
  '',
);
const text = fc.constantFrom('', 'a', 'b'.repeat(60), 'c'.repeat(61), 'd'.repeat(200), 'e'.repeat(201), '\u{1F552}'.repeat(100));
const count = fc.constantFrom(0, -0, -1, 0.5, 1, 1000, 1001, 999_999, 1_000_000, Number.MAX_SAFE_INTEGER, 1e300, '1', null);
const other = fc.constantFrom<unknown>(null, true, false, 0, 'text', [], {}, ['2026-11-20T07:00:00Z'], { attempts: 1 });

const tick = fc.record(
  {
    cadence: fc.oneof({ weight: 5, arbitrary: fc.constantFrom('nightly', 'a-1', 'a', '-a', 'Nightly', 'a'.repeat(51)) }, other),
    source: fc.oneof(text, other),
    enqueued_at: fc.oneof(instant, other),
    payload: other,
    key: fc.oneof(text, other),
    slot: fc.oneof(text, other),
    expires_at: fc.oneof(instant, other),
    parent_run: fc.oneof(text, other),
    force: fc.oneof(fc.boolean(), other),
    depth: fc.oneof(count, other),
    dead: fc.oneof(fc.record({ attempts: count, reason: text }, { requiredKeys: [] }), other),
    id: other,
    due_at: fc.oneof(instant, other),
    unknown: other,
  },
  { requiredKeys: [] },
);

const WHOLE = { cadence: 'nightly', source: 'sh', key: 'k', depth: 1, dead: { attempts: 2 }, due_at: '2026-11-20T07:00:00Z' };

describe('what is a tick', () => {
  it('is no empty text, whether it is the first that is read or not', () => {
    for (const text of ['', ' ', '']) assert.equal(readTick(text, '2026-11-20T06:00:00.000Z').kind, 'malformed');
  });

  it('is the same by the quick look, which every tick gets, and by the schema, which is published', () => {
    let accepted = 0;
    const agree = (raw: Readonly<Record<string, unknown>>): void => {
      const isOne = tickSchema.safeParse(raw).success;
      if (isOne) accepted += 1;
      assert.equal(isTick(raw), isOne, JSON.stringify(raw));
    };
    // Most of what is thrown together is wrong in more than one field; here one field at a time is taken from it.
    fc.assert(
      fc.property(tick, (raw) => {
        agree(raw);
        for (const [key, value] of Object.entries(raw)) agree({ ...WHOLE, [key]: value });
      }),
      { numRuns: 500 },
    );
    assert.ok(accepted > 100, `${accepted} were ticks`);
  });

  it('is read from a text that was read before as from one that is new', () => {
    const short = fc.record(
      { cadence: fc.constantFrom('nightly', 'a-1', 'a'), source: text, enqueued_at: instant, payload: other, force: other },
      { requiredKeys: [] },
    );
    const OTHER = '{"cadence":"another","source":"sh"}';
    fc.assert(
      fc.property(fc.oneof(short, tick), fc.boolean(), (raw, isTurned) => {
        const entries = Object.entries(raw);
        const words = `${JSON.stringify(Object.fromEntries(isTurned ? entries.toReversed() : entries))}\n`;
        readTick(OTHER, '2026-11-20T06:00:00.000Z');
        readTick(words, '2026-11-20T06:00:00.000Z');
        const again = readTick(words, '2026-11-20T07:00:00.000Z');
        readTick(OTHER, '2026-11-20T06:00:00.000Z');
        const fresh = readTick(words, '2026-11-20T07:00:00.000Z');
        assert.equal(JSON.stringify(again), JSON.stringify(fresh));
        assert.ok(again.kind === 'malformed' || (fresh.kind === 'tick' && again.tick !== fresh.tick));
      }),
      { numRuns: 500 },
    );
  });
});
