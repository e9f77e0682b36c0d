import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { createLoop } from '../lib/loop.ts';
import { testClock } from './support/bus.ts';

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

async function turns(count: number): Promise<void> {
  for (let n = 0; n < count; n += 1) await turn();
}

function countingLoop(answer: () => number | undefined = () => undefined) {
  const clock = testClock();
  const seen = { polls: 0, errors: [] as unknown[] };
  const poll = async (): Promise<number | undefined> => {
    seen.polls += 1;
    return answer();
  };
  const loop = createLoop({ clock, poll, onError: (error) => seen.errors.push(error) });
  return { clock, seen, loop };
}

describe('the loop', () => {
  it('answers a swarm of hints with one look, though microtasks run between them as between the events of a folder', async () => {
    const { seen, loop } = countingLoop();
    for (let n = 0; n < 1000; n += 1) {
      loop.wake();
      await undefined;
    }
    await turns(3);
    assert.equal(seen.polls, 1);
  });

  it('looks again after a hint that came while it looked', async () => {
    const { seen, loop } = countingLoop(() => {
      if (seen.polls === 1) loop.wake();
      return undefined;
    });
    loop.wake();
    await turns(5);
    assert.equal(seen.polls, 2);
  });

  it('sleeps until the instant that the look named, and for ever where it named none', async () => {
    const { clock, seen, loop } = countingLoop(() => (seen.polls === 1 ? clock.nowMs() + 60_000 : undefined));
    loop.wake();
    await turns(3);
    for (const [aheadMs, polls] of [
      [59_999, 1],
      [1, 2],
      [3_600_000, 2],
    ] as const) {
      for (let restMs = aheadMs; restMs > 0; restMs -= 1000) {
        clock.advance(Math.min(1000, restMs));
        await turns(2);
      }
      assert.equal(seen.polls, polls);
    }
  });

  it('begins no other look once it is told to stop, and hands a fault on', async () => {
    const { seen, loop } = countingLoop();
    loop.wake();
    await loop.stop();
    loop.wake();
    await turns(3);
    assert.equal(seen.polls, 0);
    const failing = countingLoop(() => {
      throw new Error('a bug');
    });
    failing.loop.wake();
    await turns(3);
    assert.match(String(failing.seen.errors[0]), /a bug/);
  });
});
