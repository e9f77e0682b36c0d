import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { type LateTimers, NO_LATE_TIMERS, onFired } from '../../../lib/core/slot/late-timers.ts';
import { timerLate } from '../../../lib/core/slot/line.ts';

const LATE = timerLate(90_000);

describe('P30 the owner watches the timers', () => {
  const after = (before: LateTimers, by: string, because?: string, slot = '2026-11-20T07:00:00Z') => onFired(before, { cadence: 'job', slot, by, because });

  it('one that lets a slot pass is told of once, counted from then on, and told of again when it comes', () => {
    const first = after(NO_LATE_TIMERS, 'catchup', LATE);
    assert.deepEqual(first, { next: { format: 1, late: { job: { since: '2026-11-20T07:00:00Z', slots: 1 } } }, change: 'late' });
    const second = after(first.next, 'catchup', LATE, '2026-11-20T08:00:00Z');
    assert.deepEqual([second.change, second.next.late.job], [undefined, { since: '2026-11-20T07:00:00Z', slots: 2 }]);
    assert.deepEqual(after(second.next, 'timer'), { next: NO_LATE_TIMERS, change: 'on_time' });
    assert.deepEqual(after(second.next, 'schedule'), { next: NO_LATE_TIMERS, change: 'on_time' }, 'the owner fires by itself now');
  });

  it('a slot that was made up for after sleep says nothing about a timer', () => {
    const late = after(NO_LATE_TIMERS, 'catchup', LATE).next;
    for (const before of [NO_LATE_TIMERS, late]) assert.deepEqual(after(before, 'catchup', 'the machine slept'), { next: before, change: undefined });
    assert.equal(after(NO_LATE_TIMERS, 'timer').next, NO_LATE_TIMERS);
  });
});
