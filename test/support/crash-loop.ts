import assert from 'node:assert/strict';
import { rmSync } from 'node:fs';
import { check, tell } from './crash-story.ts';
import { tempRoot } from './temp-root.ts';

/**
 * RELIABILITY.md section 2, process death: the whole story is told once for every second changing call, from the `first`, and
 * its owner is killed right after that call. What the call had done stays. The next owner must bring everything to its end.
 * New writes need no new test: the loop finds them. Two files share the calls, for one would keep a slow machine for minutes
 * while its other processor has nothing to do.
 */
export async function cutAfterEverySecondCall(first: 1 | 2): Promise<void> {
  const whole = tempRoot();
  const uncut = await tell(whole, 0);
  check(whole, uncut, 'uncut');
  assert.ok(uncut.calls.length > 60, `the story makes ${uncut.calls.length} changing calls`);
  assert.ok(uncut.calls.filter((call) => call.includes('purse.json')).length >= 2, 'among them those that show what is set aside, and that it is not any more');
  let points = 0;
  for (let n = first; n <= uncut.calls.length + 20; n += 2) {
    const root = tempRoot();
    const told = await tell(root, n);
    check(root, told, `cut after call ${n}, ${told.calls.at(-1)}`);
    rmSync(root, { recursive: true, force: true });
    if (!told.isCut) break;
    points += 1;
  }
  // What ends at once may share its writes in one telling and not in the next.
  assert.ok(points >= Math.floor(uncut.calls.length / 2) - 4, `cut at ${points} of ${uncut.calls.length} calls, every second one`);
}
