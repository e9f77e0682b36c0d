import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { beginWatch, limitReached, look, nextLookMs, type WatchState } from '../../../lib/core/run-watch.ts';

const LIMITS = { timeoutMs: 1_800_000, idleTimeoutMs: 1_800_000, firstOutputMs: 60_000 };

/** A look once a second, from the first second on. */
function seconds(count: number, hasSpoken: (second: number) => boolean, from: WatchState = beginWatch(0, 0, 0)): WatchState {
  let state = from;
  for (let second = 1; second <= count; second += 1) state = look(state, from.seenMs + second * 1000, second, hasSpoken(second));
  return state;
}

describe('the watch over the start of a session', () => {
  it('D28 ends a session that has said nothing for a minute, whatever it writes to stderr', () => {
    assert.equal(
      limitReached(
        seconds(59, () => false),
        LIMITS,
      ),
      undefined,
    );
    assert.equal(
      limitReached(
        seconds(60, () => false),
        LIMITS,
      ),
      'hung_start',
    );
  });

  it('is over with the first word: it may be silent for long after that', () => {
    assert.equal(
      limitReached(
        seconds(600, (second) => second === 30),
        LIMITS,
      ),
      undefined,
    );
  });

  it('is for those only that have such a limit', () => {
    const { firstOutputMs: _none, ...others } = LIMITS;
    assert.equal(
      limitReached(
        seconds(600, () => false),
        others,
      ),
      undefined,
    );
  });

  it('does not count the sleep of the machine, nor the time before a new owner looks', () => {
    const asleep = look(beginWatch(0, 0, 0), 900_000, 0, false);
    assert.equal(limitReached(asleep, LIMITS), undefined);
    const adopted = beginWatch(0, 900_000, 0);
    assert.equal(
      limitReached(
        seconds(59, () => false, adopted),
        LIMITS,
      ),
      undefined,
    );
    assert.equal(
      limitReached(
        seconds(60, () => false, adopted),
        LIMITS,
      ),
      'hung_start',
    );
  });

  it('is looked at exactly when it is due', () => {
    assert.equal(nextLookMs(beginWatch(0, 0, 0), { ...LIMITS, firstOutputMs: 400 }), 400);
    assert.equal(nextLookMs(look(beginWatch(0, 0, 0), 100, 1, true), { ...LIMITS, firstOutputMs: 50 }), 1000);
  });
});
