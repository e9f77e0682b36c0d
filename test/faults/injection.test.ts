import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { countCalls, INJECTIONS, tryAt, whyNot } from './injection.ts';

/** A few; all of them: `npm run faults`. */
const FEW = INJECTIONS.filter(({ calls, fault }) =>
  ['rename error=EIO', 'fsync signal=KILL', 'openat error=EMFILE', 'fsync error=EINTR'].includes(`${calls} ${fault}`),
);

describe('a fault of the system at the n-th call of the built owner', () => {
  it('loses nothing, doubles nothing, and leaves no question open', { timeout: 200_000 }, async (context) => {
    const reason = whyNot();
    // Where nothing can be injected, the cuts of test/crash and the simulation speak for it.
    if (reason !== undefined) return context.diagnostic(reason);
    assert.equal(FEW.length, 4);
    for (const injection of FEW) {
      const [first, last] = await countCalls(injection);
      assert.ok(last - first > 5, `${injection.calls}: ${first} to ${last}`);
      const { wrong, at, isHit } = await tryAt(injection, Math.round((first + last) / 2));
      assert.ok(isHit, `${injection.calls} ${injection.fault}: call ${at} was not hit`);
      assert.deepEqual(wrong, [], `${injection.calls} ${injection.fault} at call ${at}`);
    }
    return undefined;
  });
});
