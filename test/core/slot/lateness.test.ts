import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { isTellingDue, LEVELS, levelOf, TELL_AGAIN_MS } from '../../../lib/core/slot/lateness.ts';

const HOUR = 3_600_000;

describe('P23 how late something is', () => {
  it('is a warning from twice, urgent from five times and critical from ten times what it may take', () => {
    const levels = [1, 1.99, 2, 4.99, 5, 9.99, 10, 1000].map((times) => levelOf(times * 2 * HOUR, 2 * HOUR));
    assert.deepEqual(levels, ['none', 'none', 'warning', 'warning', 'urgent', 'urgent', 'critical', 'critical']);
  });

  it('never falls while time passes', () => {
    const ms = fc.integer({ min: 1, max: 400 * 24 * HOUR });
    fc.assert(
      fc.property(ms, ms, ms, (allowed, some, more) => {
        assert.ok(LEVELS.indexOf(levelOf(some + more, allowed)) >= LEVELS.indexOf(levelOf(some, allowed)));
      }),
    );
  });

  it('is nothing where nothing is known of what it may take', () => {
    assert.deepEqual([levelOf(HOUR, 0), levelOf(HOUR, Number.NaN)], ['none', 'none']);
  });

  it('is told once, again when its level has changed either way, and again after a day', () => {
    const last = { level: 'urgent', atMs: 100 * HOUR } as const;
    assert.equal(isTellingDue('none', undefined, 0), true);
    assert.equal(isTellingDue('urgent', last, 100 * HOUR + TELL_AGAIN_MS - 1), false);
    assert.equal(isTellingDue('urgent', last, 100 * HOUR + TELL_AGAIN_MS), true);
    assert.deepEqual([isTellingDue('critical', last, 101 * HOUR), isTellingDue('warning', last, 101 * HOUR)], [true, true]);
    assert.equal(isTellingDue('urgent', last, 99 * HOUR), true, 'the clock was set back: better twice than never');
  });
});
