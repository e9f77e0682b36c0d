import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { beginWatch, limitReached, look, nextLookMs } from '../../lib/core/run-watch.ts';

const LIMITS = { timeoutMs: 60_000, idleTimeoutMs: 20_000 };
const NONE = { timeoutMs: 0, idleTimeoutMs: 0 };

describe('the watch over a run', () => {
  it('counts a timeout in wall-clock time, the sleep of the machine included', () => {
    const asleep = look(beginWatch(0, 0, 5), 3_600_000, 6);
    assert.equal(limitReached(asleep, LIMITS), 'timeout');
    assert.equal(limitReached(asleep, NONE), undefined);
  });

  it('counts from the start of the run, also where it is looked at for the first time much later', () => {
    assert.equal(limitReached(beginWatch(0, 60_000, 0), LIMITS), 'timeout');
    assert.equal(limitReached(beginWatch(0, 59_999, 0), LIMITS), undefined);
  });

  it('does not hold the sleep of the machine against a quiet run', () => {
    const limits = { timeoutMs: 0, idleTimeoutMs: 20_000 };
    let state = look(beginWatch(0, 0, 5), 3_600_000, 5);
    assert.equal(limitReached(state, limits), undefined);
    for (let second = 1; second <= 15; second++) state = look(state, 3_600_000 + second * 1000, 5);
    assert.equal(limitReached(state, limits), 'idle');
  });

  it('begins the quiet time anew with every change of the output', () => {
    let state = beginWatch(0, 0, 0);
    for (let second = 1; second <= 100; second++) state = look(state, second * 1000, Math.floor(second / 19));
    assert.equal(limitReached(state, { ...LIMITS, timeoutMs: 0 }), undefined);
  });

  it('neither ends a run early nor keeps it for ever when the clock is set back', () => {
    let state = look(beginWatch(1_000_000, 1_000_000, 0), 1_030_000, 1);
    state = look(state, 0, 1);
    assert.equal(limitReached(state, LIMITS), undefined);
    state = look(state, 30_000, 2);
    assert.equal(limitReached(state, LIMITS), 'timeout');
    assert.equal(limitReached(beginWatch(5_000_000, 0, 0), LIMITS), undefined);
  });

  it('is looked at once a second, and exactly where a deadline comes sooner', () => {
    assert.equal(nextLookMs(beginWatch(0, 0, 0), LIMITS), 1000);
    assert.equal(nextLookMs(beginWatch(0, 0, 0), NONE), 1000);
    assert.equal(nextLookMs(beginWatch(0, 59_700, 0), LIMITS), 300);
    assert.equal(nextLookMs(beginWatch(0, 0, 0), { timeoutMs: 0, idleTimeoutMs: 250 }), 250);
    assert.equal(nextLookMs(beginWatch(0, 70_000, 0), LIMITS), 1);
  });

  it('is looked at more and more seldom once it has long been quiet, and once a second again when it speaks', () => {
    let state = beginWatch(0, 0, 0);
    for (let second = 1; second <= 15; second++) state = look(state, second * 1000, 0);
    assert.equal(nextLookMs(state, NONE), 3750);
    assert.equal(nextLookMs(state, { timeoutMs: 0, idleTimeoutMs: 17_500 }), 2500);
    assert.equal(nextLookMs(state, { timeoutMs: 16_200, idleTimeoutMs: 0 }), 1200);
    assert.equal(nextLookMs(look(state, 19_000, 1), NONE), 1000);
    for (let atMs = 15_000; atMs < 3_600_000; atMs += nextLookMs(state, NONE)) state = look(state, atMs, 0);
    assert.equal(nextLookMs(state, NONE), 15_000);
  });

  it('does not hold the sleep of the machine against one that is looked at seldom', () => {
    const limits = { timeoutMs: 0, idleTimeoutMs: 120_000 };
    let [state, atMs] = [beginWatch(0, 0, 0), 0];
    while (atMs < 90_000) {
      atMs += nextLookMs(state, limits);
      state = look(state, atMs, 0);
    }
    const quietMs = state.quietMs;
    state = look(state, atMs + 3_600_000, 0);
    assert.ok(state.quietMs - quietMs >= 15_000 && state.quietMs - quietMs < 20_000, `${state.quietMs - quietMs} ms`);
  });

  it('counts the whole of a long quiet, however seldom it is looked at', () => {
    const limits = { timeoutMs: 0, idleTimeoutMs: 60_000 };
    let [state, atMs, looks] = [beginWatch(0, 0, 0), 0, 0];
    for (; limitReached(state, limits) === undefined; looks += 1) {
      atMs += nextLookMs(state, limits);
      state = look(state, atMs, 0);
    }
    assert.equal(atMs, 60_000);
    assert.ok(looks < 24, `${looks} looks`);
  });
});
