import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { CadenceError } from '../../lib/core/error.ts';
import type { Outcome } from '../../lib/core/outcome.ts';
import type { Claim } from '../../lib/ports.ts';
import { createDeferrals } from '../../lib/services/deferrals.ts';

const LATER: Outcome = { kind: 'defer', delayMs: undefined, reason: 'exit 75' };

/** Put off before, as its name shows. */
const CLAIM: Claim = {
  name: { dueMs: 2_000, cadence: 'night', id: 'x7k2p9qd4mzt', attempts: 1 },
  tick: { cadence: 'night', source: 'sh', enqueued_at: '1970-01-01T00:00:01.000Z' },
};

describe('what says again and again that it is to be tried later', () => {
  it('is counted anew where the disk does not say how often it has', () => {
    const unread = (): never => {
      throw new CadenceError('io', 'cannot read runs/1970-01-01.jsonl: EIO', 'Look at the disk.');
    };
    const deferrals = createDeferrals({ history: { newest: unread } });
    assert.deepEqual([deferrals.count(CLAIM, LATER), deferrals.count(CLAIM, LATER)], [1, 2]);
  });

  it('ends the owner where it is our bug', () => {
    const wrong = (): never => {
      throw new TypeError('no');
    };
    assert.throws(() => createDeferrals({ history: { newest: wrong } }).count(CLAIM, LATER), TypeError);
  });
});
