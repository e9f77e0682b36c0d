import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { play } from './play.ts';
import { FIRST_WIDE, storyOf, tellStep } from './story.ts';

/** So many every time; the long run is `npm run sim -- --seeds 10000`. */
const STORIES = 30;

describe('the whole product on a machine that is not there', () => {
  it('keeps every promise in whatever story chance tells', { timeout: 200_000 }, async () => {
    for (let seed = 1; seed <= STORIES; seed += 1) {
      const failure = await play(storyOf(seed));
      assert.deepEqual(failure, undefined, `seed ${seed}; the shortest story: npm run sim -- --seed ${seed}`);
    }
  });

  it('is told the same way every time', async () => {
    const told = async (): Promise<readonly string[]> => {
      const seen: string[] = [];
      await play(storyOf(7), ({ stage: { machine } }) => {
        seen.push(...machine.events.map((event) => JSON.stringify(event)));
      });
      return seen;
    };
    assert.deepEqual(await told(), await told());
  });

  it('has stories with everything in them that may happen', () => {
    const kinds = new Set(
      [...Array(400).keys()].map((n) => storyOf(n < 200 ? n : FIRST_WIDE + n).steps.map(tellStep)).flatMap((steps) => steps.map((step) => step.split(' ')[0])),
    );
    assert.equal(kinds.size, 22, [...kinds].join(', '));
  });
});
