import assert from 'node:assert/strict';
import { rmSync } from 'node:fs';
import { describe, it } from 'node:test';
import { check, tell } from '../support/crash-story.ts';
import { tempRoot } from '../support/temp-root.ts';

/**
 * RELIABILITY.md section 2, process death: the whole story is told once for every changing call, and its owner is killed
 * right after that call. What the call had done stays. The next owner must bring everything to its end. New writes need
 * no new test: the loop finds them.
 */
describe('a crash after every changing call', () => {
  it('loses nothing, doubles nothing, and leaves no question open', { timeout: 340_000 }, async () => {
    const whole = tempRoot();
    const uncut = await tell(whole, 0);
    check(whole, uncut, 'uncut');
    assert.ok(uncut.calls.length > 60, `the story makes ${uncut.calls.length} changing calls`);
    assert.ok(
      uncut.calls.filter((call) => call.includes('purse.json')).length >= 2,
      'among them those that show what is set aside, and that it is not any more',
    );
    let points = 0;
    for (let n = 1; n <= uncut.calls.length + 20; n += 1) {
      const root = tempRoot();
      const told = await tell(root, n);
      check(root, told, `cut after call ${n}, ${told.calls.at(-1)}`);
      rmSync(root, { recursive: true, force: true });
      if (!told.isCut) break;
      points += 1;
    }
    // What ends at once may share its writes in one telling and not in the next.
    assert.ok(points >= uncut.calls.length - 8, `cut at ${points} of ${uncut.calls.length} calls`);
  });
});
