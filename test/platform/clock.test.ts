import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { createClock } from '../../lib/platform/clock.ts';

const clock = createClock();
const wait = (ms: number): Promise<void> => new Promise((resolve) => void clock.after(ms, resolve));

describe('the clock', () => {
  it('never wakes early', async () => {
    for (let i = 0; i < 20; i++) {
      const before = performance.now();
      await wait(3);
      assert.ok(performance.now() - before >= 3);
    }
  });

  it('wakes at once for what is past, and in order', async () => {
    await wait(-5);
    await wait(0);
    const order: number[] = [];
    await Promise.all([wait(20).then(() => order.push(2)), wait(1).then(() => order.push(1))]);
    assert.deepEqual(order, [1, 2]);
  });

  it('never wakes after it was closed', async () => {
    let isAwake = false;
    const timer = clock.after(1, () => {
      isAwake = true;
    });
    timer.close();
    timer.close();
    await wait(5);
    assert.equal(isAwake, false);
  });

  it('does not wake at once for what is further away than setTimeout reaches', async () => {
    let woken = 0;
    const timers = [2 ** 31, 2 ** 40, Number.POSITIVE_INFINITY].map((ms) => clock.after(ms, () => woken++));
    await wait(5);
    for (const timer of timers) timer.close();
    assert.equal(woken, 0);
  });

  it('goes on waiting when its timer fires before the time has come', (t) => {
    t.mock.timers.enable({ apis: ['setTimeout'] });
    let woken = 0;
    // The timer is made to fire though no time has passed: the first stretch of a long wait, or Node a moment early.
    const timer = clock.after(2 ** 31 + 1_000_000, () => woken++);
    t.mock.timers.tick(2 ** 31 - 1);
    assert.equal(woken, 0);
    timer.close();
  });

  it('lets other work of the loop have its turn', async () => {
    let isDone = false;
    setImmediate(() => {
      isDone = true;
    });
    await clock.breathe();
    assert.equal(isDone, true);
    assert.ok(clock.random() < 1);
    assert.ok(Math.abs(clock.nowMs() - Date.now()) < 60_000);
  });
});
