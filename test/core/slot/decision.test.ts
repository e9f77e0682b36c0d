import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { type DecisionInput, type DueSlots, decideSlots, MOST_CAUGHT_UP } from '../../../lib/core/slot/decision.ts';

const T0 = Date.UTC(2026, 10, 20, 7);
const HOUR = 3_600_000;

/** So many slots, one an hour, the last one an hour ago. */
function hourly(count: number): DueSlots {
  const newest = Array.from({ length: Math.min(count, MOST_CAUGHT_UP + 1) }, (_, n) => T0 - HOUR * (n + 1)).reverse();
  return { firstMs: T0 - HOUR * count, count, newest: newest.map((slotMs) => ({ slotMs, dueMs: slotMs })) };
}

function decide(more: Partial<DecisionInput>): { readonly fired: readonly number[]; readonly ended: readonly string[] } {
  const decisions = decideSlots({
    ...{ due: hourly(1), nowMs: T0, catchup: 'latest', windowMs: undefined, inTimeMs: 60_000, off: undefined, absence: () => 'asleep' },
    ...more,
  });
  return {
    fired: decisions.flatMap((one) => (one.kind === 'fire' ? [(T0 - one.slot.slotMs) / HOUR] : [])),
    ended: decisions.flatMap((one) => (one.kind === 'end' ? [`${one.count} ${one.end}`] : [])),
  };
}

describe('slots that nobody saw to', () => {
  it('give way to the latest, or are all made up for, or are missed', () => {
    assert.deepEqual(decide({ due: hourly(5) }), { fired: [1], ended: ['4 superseded'] });
    assert.deepEqual(decide({ due: hourly(3), catchup: 'all' }), { fired: [3, 2, 1], ended: [] });
    assert.deepEqual(decide({ due: hourly(3), catchup: 'skip' }), { fired: [], ended: ['3 missed'] });
    assert.deepEqual(decide({ due: hourly(3), off: 'it is off' }), { fired: [], ended: ['3 skipped'] });
  });

  it('are made up for to the last millisecond of their window, and not after it', () => {
    assert.deepEqual(decide({ due: hourly(3), catchup: 'all', windowMs: 2 * HOUR }), { fired: [2, 1], ended: ['1 missed'] });
    assert.deepEqual(decide({ due: hourly(3), catchup: 'all', windowMs: 2 * HOUR - 1 }), { fired: [1], ended: ['2 missed'] });
  });

  it('are at most a hundred runs, the newest, however many there were', () => {
    const { fired, ended } = decide({ due: hourly(5000), catchup: 'all' });
    assert.deepEqual([fired.length, fired[0], fired.at(-1)], [100, 100, 1]);
    assert.deepEqual(ended, ['4900 missed']);
  });
});
