import { rmSync } from 'node:fs';
import { describe, it } from 'node:test';
import { check, tell } from '../support/crash-story.ts';
import { tempRoot } from '../support/temp-root.ts';

describe('a crash after a changing call, and another one in the next life', () => {
  it('loses nothing, doubles nothing, and leaves no question open, at any of its first calls', { timeout: 340_000 }, async () => {
    const points = [7, 31, 52, 75, 96];
    for (const first of points) {
      for (let second = 1; second <= 12; second += 1) {
        const root = tempRoot();
        const told = await tell(root, first, second);
        check(root, told, `cut after call ${first}, ${told.calls.at(-1)}, and again after call ${second} of the next owner`, 2);
        rmSync(root, { recursive: true, force: true });
      }
    }
  });
});
