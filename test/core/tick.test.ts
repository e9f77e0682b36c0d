import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import {
  attemptsSpent,
  DEAD_REASONS,
  formatDeadName,
  formatTickName,
  isCadenceName,
  isTickId,
  parseDeadName,
  parseRunId,
  parseTickName,
  type Tick,
} from '../../lib/core/tick.ts';

const letters = 'abcdefghijklmnopqrstuvwxyz0123456789';
const id = fc.string({ unit: fc.constantFrom(...letters), minLength: 12, maxLength: 12 });
const cadence = fc.string({ unit: fc.constantFrom(...letters, '-'), minLength: 2, maxLength: 50 }).filter(isCadenceName);
const dueMs = fc.integer({ min: 0, max: Date.UTC(9999, 11, 31, 23, 59, 59, 999) });
const name = fc.record({ dueMs, cadence, id, attempts: fc.integer({ min: 0, max: 999_999 }) }, { noNullPrototype: true });

describe('the name of a tick', () => {
  it('M1 reads back what it wrote, for every tick', () => {
    fc.assert(fc.property(name, (one) => assert.deepEqual(parseTickName(formatTickName(one)), one)));
  });

  it('M3 reads back a dead name with its reason', () => {
    fc.assert(
      fc.property(name, fc.constantFrom(...DEAD_REASONS), (one, reason) =>
        assert.deepEqual(parseDeadName(formatDeadName({ ...one, reason })), { ...one, reason }),
      ),
    );
  });

  it('sorts as text in the order of due times', () => {
    fc.assert(
      fc.property(name, name, (a, b) => {
        fc.pre(a.dueMs !== b.dueMs);
        assert.equal(formatTickName(a) < formatTickName(b), a.dueMs < b.dueMs);
      }),
    );
  });

  it('never throws on any text, and believes only what it would write itself', () => {
    fc.assert(
      fc.property(fc.string(), (text) => {
        const read = parseTickName(text);
        if (read !== undefined) assert.equal(formatTickName(read), text);
      }),
    );
  });

  it('believes a name that was changed by one character only where it would write it so', () => {
    let believed = 0;
    const near = fc.tuple(name, fc.option(fc.constantFrom(...DEAD_REASONS)), fc.nat(90), fc.constantFrom('', '.', '0', 'a', 'Z', '-', '..', 'json'), fc.nat(1));
    fc.assert(
      fc.property(near, ([one, reason, at, put, taken]) => {
        const text = reason === null ? formatTickName(one) : formatDeadName({ ...one, reason });
        const changed = `${text.slice(0, at)}${put}${text.slice(at + taken)}`;
        const [alive, dead] = [parseTickName(changed), parseDeadName(changed)];
        assert.ok(alive === undefined || dead === undefined);
        if (alive !== undefined) assert.equal(formatTickName(alive), changed);
        if (dead !== undefined) assert.equal(formatDeadName(dead), changed);
        if (alive !== undefined || dead !== undefined) believed += 1;
      }),
      { numRuns: 1_000 },
    );
    assert.ok(believed > 50, String(believed));
  });

  for (const wrong of [
    'morning.json',
    '20261120T070000000Z.nightly.x7k2p9qd4mzt.0.json.tmp',
    '20261120T070000000Z.nightly.x7k2p9qd4mzt.-1.json',
    '20261120T070000000Z.nightly.x7k2p9qd4mzt.1e9.json',
    '20261120T070000000Z.nightly.x7k2p9qd4mzt.01.json',
    '20261120T070000000Z.nightly.x7k2p9qd4mzt.1000000.json',
    '20261120T070000000Z.Nightly.x7k2p9qd4mzt.0.json',
    '20261120T070000000Z.a.x7k2p9qd4mzt.0.json',
    '20261120T070000000Z.nightly.short.0.json',
    '20261320T070000000Z.nightly.x7k2p9qd4mzt.0.json',
    '20260231T070000000Z.nightly.x7k2p9qd4mzt.0.json',
    '00010101T000000000Z.nightly.x7k2p9qd4mzt.0.json',
    '20261120T070000000Z.../../x.x7k2p9qd4mzt.0.json',
  ]) {
    it(`does not take ${wrong} for a tick`, () => assert.equal(parseTickName(wrong), undefined));
  }

  it('P1a takes 2 to 50 characters of a-z, 0-9 and -, with a letter or digit at both ends', () => {
    for (const good of ['ab', 'a-b', '0x', 'a'.repeat(50)]) assert.equal(isCadenceName(good), true, good);
    for (const bad of ['', 'a', '-ab', 'ab-', 'A-b', 'a_b', 'a b', '../x', 'a'.repeat(51), 'ab\n'])
      assert.equal(isCadenceName(bad), false, JSON.stringify(bad));
  });
});

describe('a revived tick', () => {
  const tick: Tick = { cadence: 'nightly', source: 'test', enqueued_at: '2026-11-20T07:00:00.000Z' };
  const named = { dueMs: 0, cadence: 'nightly', id: 'x7k2p9qd4mzt', attempts: 3 };
  it('is not charged again for what it spent before it died', () => {
    const dead = { reason: 'exhausted' as const, because: '', died_at: '', attempts: 2, runs: [], revive: '' };
    assert.equal(attemptsSpent(named, { ...tick, dead }), 1);
    assert.equal(attemptsSpent(named, tick), 3);
  });
  it('D18 has a run id that names tick and attempt', () => {
    assert.deepEqual(parseRunId('x7k2p9qd4mzt-2'), { id: 'x7k2p9qd4mzt', attempt: 2 });
    assert.equal(parseRunId('x7k2p9qd4mzt-'), undefined);
    assert.equal(parseRunId('../x7k2p9qd4mzt-1'), undefined);
  });
});

it('an id has twelve characters, no fewer and no more, wherever it stands', () => {
  for (const wrong of ['a'.repeat(11), 'a'.repeat(13), `${'a'.repeat(11)}A`, `${'a'.repeat(11)}.`]) {
    assert.equal(isTickId(wrong), false, wrong);
    assert.equal(parseTickName(`20261120T070000000Z.nightly.${wrong}.0.json`), undefined, wrong);
    assert.equal(parseRunId(`${wrong}-1`), undefined, wrong);
  }
  assert.equal(parseTickName(`20261120T070000000Z.nightly.${'a'.repeat(12)}.0.json`)?.id, 'a'.repeat(12));
});

it('does not take a name without a cadence for a tick, though it is the first that is read', async () => {
  const nameless = `20261120T070000000Z..${'a'.repeat(12)}.0.json`;
  const fresh = (await import(`${new URL('../../lib/core/tick.ts', import.meta.url).href}?fresh`)) as typeof import('../../lib/core/tick.ts');
  assert.equal(fresh.parseTickName(nameless), undefined);
});
