import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import {
  afterRestart,
  type Breaker,
  CLOSED,
  clamped,
  freeAtMs,
  onBlocked,
  onFailure,
  onInterrupted,
  onLasting,
  onStart,
  onSuccess,
  tripped,
} from '../../lib/core/breaker.ts';
import { DEFAULT_BREAKER, DEFAULT_RETRY } from '../../lib/core/cadence.ts';
import { toIso } from '../../lib/core/time/instant.ts';

const T0 = Date.UTC(2026, 10, 20, 7);
const MIN = 60_000;
const failed = (breaker: Breaker, runId: string, nowMs = T0, random = 0.5): Breaker =>
  onFailure(breaker, DEFAULT_BREAKER, DEFAULT_RETRY, { runId, because: 'exit 1', nowMs, random });
const opened = (): Breaker => ['r1', 'r2', 'r3'].reduce((breaker, run) => failed(breaker, run), CLOSED);

describe('the breaker', () => {
  it('M16 waits by the schedule after the first and the second failure', () => {
    const first = failed(CLOSED, 'r1');
    assert.deepEqual(first, { state: 'backing_off', failures: 1, until: toIso(T0 + 30_000), because: 'exit 1', run_id: 'r1' });
    assert.equal(freeAtMs(failed(first, 'r2')), T0 + 120_000);
  });

  it('M17 opens on the third failure in a row for 30 minutes', () => {
    const breaker = opened();
    assert.equal(breaker.state, 'open');
    assert.equal(freeAtMs(breaker), T0 + 30 * MIN);
  });

  it('M17 forgets its failures on a success', () => {
    assert.deepEqual(onSuccess(failed(failed(CLOSED, 'r1'), 'r2'), 'r3'), CLOSED);
  });

  it('lets exactly one probe through when the opening is over, and closes when it proves itself', () => {
    const probing = onStart(opened(), 'probe');
    assert.equal(probing.state, 'half_open');
    assert.equal(freeAtMs(probing), Number.POSITIVE_INFINITY);
    assert.deepEqual(onSuccess(probing, 'probe'), CLOSED);
  });

  it('opens twice as long when the probe fails, and never longer than the maximum', () => {
    let breaker = opened();
    const lengths: number[] = [];
    for (let n = 0; n < 6; n += 1) {
      breaker = failed(onStart(breaker, `p${n}`), `p${n}`, freeAtMs(breaker));
      if (breaker.state === 'open') lengths.push(breaker.open_ms / MIN);
    }
    assert.deepEqual(lengths, [60, 120, 240, 240, 240, 240]);
  });

  it('is not lengthened by a run that was forced before its time was over and failed, and is closed by one that ended well', () => {
    const breaker = opened();
    assert.deepEqual(failed(onStart(breaker, 'forced'), 'forced', T0 + 20 * MIN), breaker);
    const lasting = onLasting(onStart(breaker, 'forced'), DEFAULT_BREAKER.maxOpenMs, DEFAULT_BREAKER, {
      runId: 'forced',
      because: 'x',
      nowMs: T0 + MIN,
      random: 0,
    });
    assert.deepEqual(lasting, breaker);
    assert.deepEqual(onSuccess(onStart(breaker, 'forced'), 'forced'), CLOSED);
  });

  it('is not lengthened by a failure that comes in while it is open', () => {
    const breaker = opened();
    assert.equal(failed(breaker, 'late', T0 + 20 * MIN), breaker);
  });

  it('is not closed by an older run that ends well while it is open or probing', () => {
    const breaker = opened();
    assert.equal(onSuccess(breaker, 'old'), breaker);
    const probing = onStart(breaker, 'probe');
    assert.equal(onSuccess(probing, 'old'), probing);
  });

  it('voids a probe whose owner died: the opening stands, and the next start is the probe', () => {
    const back = afterRestart(onStart(opened(), 'probe'));
    assert.deepEqual(back, opened());
    assert.equal(onStart(back, 'next').state, 'half_open');
  });

  it('voids a probe that an operator stopped', () => {
    assert.deepEqual(onInterrupted(onStart(opened(), 'probe'), 'probe'), opened());
  });

  it('stays isolated until a human resets it', () => {
    const held = tripped(CLOSED, 'maintenance', T0);
    assert.equal(freeAtMs(held), Number.POSITIVE_INFINITY);
    assert.equal(failed(held, 'r1'), held);
    assert.equal(onSuccess(held, 'r1'), held);
  });

  it('holds a blocked key until the time that the cause named, uncounted', () => {
    const blocked = onBlocked(CLOSED, T0 + 5 * MIN, { runId: 'r1', because: 'usage limit', nowMs: T0, random: 0 });
    assert.equal(freeAtMs(blocked), T0 + 5 * MIN);
    assert.equal(blocked.failures, 0);
  });

  it('does not run every second where the end that is named is always a second away: it holds longer each time, until a probe ends well', () => {
    const block = (breaker: Breaker, nowMs: number): Breaker => onBlocked(breaker, nowMs + 1000, { runId: 'r', because: 'usage limit', nowMs, random: 0 });
    let [breaker, nowMs] = [block(CLOSED, T0), T0];
    const heldMs: number[] = [];
    for (let n = 0; n < 8; n += 1) {
      heldMs.push(freeAtMs(breaker) - nowMs);
      nowMs = freeAtMs(breaker);
      breaker = block(onStart(breaker, 'r'), nowMs);
    }
    assert.deepEqual(
      heldMs.map((ms) => ms / 1000),
      [1, 60, 120, 240, 480, 960, 1800, 1800],
    );
    assert.equal(freeAtMs(onBlocked(onStart(breaker, 'r'), nowMs + 500 * MIN, { runId: 'r', because: 'usage limit', nowMs, random: 0 })), nowMs + 500 * MIN);
    assert.equal(freeAtMs(block(onSuccess(onStart(breaker, 'r'), 'r'), nowMs)), nowMs + 1000);
  });

  it('never holds for longer than the maximum from now, whatever the clock did, and comes to that end', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 4e12 }), (nowMs) => {
        const held = clamped(opened(), nowMs, 4 * 60 * MIN);
        assert.ok(freeAtMs(held) <= nowMs + 4 * 60 * MIN);
        assert.equal(clamped(held, nowMs + MIN, 4 * 60 * MIN), held);
      }),
    );
  });

  it('in any sequence of starts, failures, successes and restarts there is at most one probe, and only its success closes', () => {
    const step = fc.constantFrom('start', 'fail', 'ok', 'old-ok', 'restart', 'interrupt');
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60, size: 'max' }), (steps) => {
        let breaker: Breaker = CLOSED;
        let run = 0;
        for (const what of steps) {
          const before: Breaker = breaker;
          if (what === 'start' && freeAtMs(breaker) <= T0 + 1e10) breaker = onStart(breaker, `r${++run}`);
          if (what === 'fail') breaker = failed(breaker, `r${run}`);
          if (what === 'ok') breaker = onSuccess(breaker, `r${run}`);
          if (what === 'old-ok') breaker = onSuccess(breaker, 'elder');
          if (what === 'restart') breaker = afterRestart(breaker);
          if (what === 'interrupt') breaker = onInterrupted(breaker, `r${run}`);
          if (before.state === 'half_open' && breaker.state === 'closed') assert.ok(what === 'ok' && before.probe_id === `r${run}`);
          if (before.state === 'open') assert.notEqual(breaker.state, 'closed');
          assert.deepEqual(JSON.parse(JSON.stringify(breaker)), breaker);
        }
      }),
    );
  });
});

it('an opening ends no later than the longest one from now, to the millisecond, whatever the clock was', () => {
  const breaker = opened();
  const longestMs = 20 * MIN;
  for (const [nowMs, freeMs] of [
    [T0, T0 + longestMs],
    [T0 + 10 * MIN - 1, T0 + 30 * MIN - 1],
    [T0 + 10 * MIN, T0 + 30 * MIN],
    [T0 - 400 * 24 * 60 * MIN, T0 - 400 * 24 * 60 * MIN + longestMs],
  ] as const)
    assert.equal(freeAtMs(clamped(breaker, nowMs, longestMs)), freeMs);
});
