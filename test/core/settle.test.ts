import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { retryDelayMs } from '../../lib/core/backoff.ts';
import { DEFAULT_RETRY } from '../../lib/core/cadence.ts';
import type { Outcome } from '../../lib/core/outcome.ts';
import { recordOf, transitionOf } from '../../lib/core/record.ts';
import { settle } from '../../lib/core/settle.ts';
import type { Tick, TickName } from '../../lib/core/tick.ts';

const T0 = Date.UTC(2026, 10, 20, 7);
const tick: Tick = { cadence: 'nightly', source: 'test', enqueued_at: '2026-11-20T07:00:00.000Z' };
const name = (attempts: number): TickName => ({ dueMs: T0 - 1000, cadence: 'nightly', id: 'x7k2p9qd4mzt', attempts });
const fail: Outcome = { kind: 'fail', blame: 'cadence', reason: 'exit 1' };
const go = (outcome: Outcome, attempts: number, own: Tick = tick) => settle(name(attempts), own, outcome, DEFAULT_RETRY, T0, 0.5);

describe('settlement', () => {
  it('removes what ended well', () => assert.deepEqual(go({ kind: 'ok', summary: 'done' }, 1), { to: 'finished', status: 'succeeded', because: 'done' }));

  it('M15 tries twice in all, then M3 dead-letters as exhausted', () => {
    const first = go(fail, 1);
    assert.ok(first.to === 'waiting' && first.name.attempts === 1 && first.name.dueMs === T0 + 30_000);
    const second = go(fail, 2);
    assert.ok(second.to === 'dlq' && second.name.reason === 'exhausted' && second.name.attempts === 2);
  });

  it("M9 M18 takes the attempt back for what was not the tick's fault", () => {
    const account = go({ kind: 'fail', blame: 'account', reason: 'authentication failed' }, 2);
    assert.ok(account.to === 'waiting' && account.name.attempts === 1);
    const deferred = go({ kind: 'defer', delayMs: 5_000, reason: 'later' }, 1);
    assert.ok(deferred.to === 'waiting' && deferred.name.attempts === 0 && deferred.name.dueMs === T0 + 5_000);
    const stopped = go({ kind: 'interrupted', by: 'operator', reason: 'halt' }, 1);
    assert.ok(stopped.to === 'waiting' && stopped.name.attempts === 0);
  });

  it('puts off what does not say until when by the delay of its cadence, and by a second where that has none', () => {
    const later: Outcome = { kind: 'defer', delayMs: undefined, reason: 'exit 75' };
    for (const [delaysMs, waits] of [
      [[0, 5_000], 1_000],
      [[30_000], 30_000],
      [[], 60_000],
    ] as const) {
      const deferred = settle(name(1), tick, later, { ...DEFAULT_RETRY, delaysMs }, T0, 0.5);
      assert.ok(deferred.to === 'waiting' && deferred.name.attempts === 0 && deferred.name.dueMs === T0 + waits);
    }
  });

  it('puts off for longer, delay by delay, what asks for it again and again, and charges nothing', () => {
    const later: Outcome = { kind: 'defer', delayMs: undefined, reason: 'exit 75' };
    const waits = [1, 2, 3, 4, 500].map((deferrals) => {
      const deferred = settle(name(1), tick, later, { ...DEFAULT_RETRY, delaysMs: [30_000, 120_000, 600_000] }, T0, 0.5, deferrals);
      assert.ok(deferred.to === 'waiting' && deferred.name.attempts === 0);
      return deferred.name.dueMs - T0;
    });
    assert.deepEqual(waits, [30_000, 120_000, 600_000, 600_000, 600_000]);
  });

  it('takes nobody at his word who asks to be tried again at once, for he is charged nothing', () => {
    const deferred = go({ kind: 'defer', delayMs: 0, reason: 'again' }, 1);
    assert.ok(deferred.to === 'waiting' && deferred.name.dueMs === T0 + 1_000);
  });

  it('dead-letters a tick that killed its owner as often as it may fail', () => {
    const died: Outcome = { kind: 'interrupted', by: 'owner-died', reason: 'died' };
    const once = go(died, 1);
    assert.ok(once.to === 'waiting' && once.name.attempts === 1);
    const twice = go(died, 2);
    assert.ok(twice.to === 'dlq' && twice.name.reason === 'owner-died');
  });

  it('gives up at once on what is permanent', () => {
    const end = go({ kind: 'give_up', blame: 'cadence', reason: 'exit 78' }, 1);
    assert.ok(end.to === 'dlq' && end.name.reason === 'permanent');
  });

  it('gives a revived tick its attempts anew', () => {
    const dead = { reason: 'exhausted' as const, because: '', died_at: '', attempts: 2, runs: [], revive: '' };
    assert.equal(go(fail, 3, { ...tick, dead }).to, 'waiting');
    assert.equal(go(fail, 4, { ...tick, dead }).to, 'dlq');
  });

  it('writes into the record the way out that a restart can carry out to the letter', () => {
    for (const outcome of [
      fail,
      { kind: 'ok', summary: '' },
      { kind: 'defer', delayMs: 1, reason: '' },
      { kind: 'give_up', blame: 'cadence', reason: '' },
    ] as const) {
      const transition = go(outcome, 1);
      const run = recordOf({
        name: name(1),
        tick,
        cadence: undefined,
        startedMs: T0,
        endedMs: T0 + 5,
        outcome,
        transition,
        ending: undefined,
        stdoutPath: null,
        stderrPath: null,
        costUsd: undefined,
      });
      const back = transitionOf(JSON.parse(JSON.stringify(run)));
      assert.deepEqual({ ...back, because: '' }, { ...transition, because: '' });
    }
  });
});

describe('the delay', () => {
  it('P2 moves by at most a quarter either way, by the table, and stays on its last entry', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 50 }), fc.double({ min: 0, max: 1, noNaN: true }), (made, random) => {
        const base = made === 1 ? 30_000 : 120_000;
        const delay = retryDelayMs(DEFAULT_RETRY, made, random);
        assert.ok(delay >= base * 0.75 && delay <= base * 1.25, `${delay}`);
      }),
    );
  });
  it('is nothing where there is no table', () => assert.equal(retryDelayMs({ ...DEFAULT_RETRY, delaysMs: [] }, 1, 0.5), 0));

  it('A7 is one cooldown for every restart where the table has one entry, and grows where it has more', () => {
    const waits = (delaysMs: readonly number[]) => [1, 2, 3, 10].map((made) => retryDelayMs({ attempts: 11, delaysMs, jitter: 0 }, made, 0.9));
    assert.deepEqual(waits([60_000]), [60_000, 60_000, 60_000, 60_000]);
    assert.deepEqual(waits([60_000, 120_000, 240_000]), [60_000, 120_000, 240_000, 240_000]);
    const policy = { attempts: 11, delaysMs: [60_000], jitter: 0 };
    const ends = Array.from({ length: 11 }, (_, made) => settle(name(made + 1), tick, fail, policy, T0, 0.5).to);
    assert.deepEqual([new Set(ends.slice(0, 10)), ends[10]], [new Set(['waiting']), 'dlq'], 'ten restarts, and then it is given up');
  });
});
