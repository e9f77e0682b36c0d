import { type Failure, play } from './play.ts';
import type { Step, Story } from './story.ts';

const MOST_TRIES = 400;

/** Leaves out as many steps as can be left out while the story still fails, large pieces first. */
export async function shrink(story: Story, failure: Failure): Promise<{ readonly story: Story; readonly failure: Failure }> {
  let best = { story: { ...story, steps: story.steps.slice(0, failure.step + 1) }, failure };
  let tries = 0;
  async function fails(steps: readonly Step[]): Promise<boolean> {
    tries += 1;
    const shorter = { ...story, steps };
    const found = await play(shorter);
    if (found !== undefined) best = { story: { ...shorter, steps: steps.slice(0, found.step + 1) }, failure: found };
    return found !== undefined;
  }
  for (let size = Math.ceil(best.story.steps.length / 2); size >= 1; size = size === 1 ? 0 : Math.ceil(size / 2)) {
    let hasShrunk = true;
    while (hasShrunk && tries < MOST_TRIES) {
      hasShrunk = false;
      for (let at = 0; at < best.story.steps.length && tries < MOST_TRIES; ) {
        const { steps } = best.story;
        if (await fails([...steps.slice(0, at), ...steps.slice(at + size)])) hasShrunk = true;
        else at += size;
      }
    }
  }
  return best;
}
