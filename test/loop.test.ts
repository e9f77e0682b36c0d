import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { createLoop } from '../lib/loop.ts';
import { testClock } from './support/bus.ts';

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

async function turns(count: number): Promise<void> {
  for (let n = 0; n < count; n += 1) await turn();
}

/** Its timers stand still in sleep, and take no notice of a clock that is set. */
function wallClock() {
  const timers = testClock();
  let aheadMs = 0;
  return {
    ...timers,
    nowMs: () => timers.nowMs() + aheadMs,
    jump(ms: number): void {
      aheadMs += ms;
    },
    async pass(ms: number): Promise<void> {
      for (let restMs = ms; restMs > 0; restMs -= 1000) {
        timers.advance(Math.min(1000, restMs));
        await turns(2);
      }
    },
  };
}

function countingLoop(answer: () => number | undefined = () => undefined, longestMs?: number) {
  const clock = wallClock();
  const seen = { polls: 0, errors: [] as unknown[] };
  const poll = async (): Promise<number | undefined> => {
    seen.polls += 1;
    return answer();
  };
  const loop = createLoop({ clock, poll, onError: (error) => seen.errors.push(error), ...(longestMs === undefined ? {} : { longestMs }) });
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
      await clock.pass(aheadMs);
      assert.equal(seen.polls, polls);
    }
  });

  it('looks within five minutes of being awake where it was to wait for days, and the machine slept past their end', async () => {
    const { clock, seen, loop } = countingLoop(() => (seen.polls === 1 ? clock.nowMs() + 3 * 86_400_000 : undefined));
    loop.wake();
    await clock.pass(1000);
    clock.jump(4 * 86_400_000);
    await clock.pass(300_000);
    assert.equal(seen.polls, 2);
  });

  it('asks again for what it waits for once the clock was set back, by however little', async () => {
    for (const backMs of [20_000, 4 * 60_000, 86_400_000]) {
      const { clock, seen, loop } = countingLoop(() => (seen.polls === 1 ? clock.nowMs() + 3_600_000 : undefined));
      loop.wake();
      await clock.pass(1000);
      clock.jump(-backMs);
      await clock.pass(300_000);
      assert.equal(seen.polls, 2, `set back by ${backMs}`);
    }
  });

  it('looks as often as it is told where anything is waited for, whatever the clock on the wall does, and not at all else', async () => {
    for (const jumpMs of [-86_400_000, -30_000, 0]) {
      const { clock, seen, loop } = countingLoop(() => (seen.polls < 4 ? clock.nowMs() + 3_600_000 : undefined), 60_000);
      loop.wake();
      await clock.pass(1000);
      clock.jump(jumpMs);
      for (const polls of [2, 3, 4, 4]) {
        await clock.pass(60_000);
        assert.equal(seen.polls, polls, `after a jump of ${jumpMs}`);
      }
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
