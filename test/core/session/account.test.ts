import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { type Breaker, CLOSED, freeAtMs, onBlocked, onFailure, onStart, onSuccess } from '../../../lib/core/breaker.ts';
import { type Cadence, DEFAULT_BREAKER, DEFAULT_RETRY } from '../../../lib/core/cadence.ts';
import {
  breakerOf,
  DEFAULT_POLICIES,
  type Holds,
  holdsAfterRestart,
  holdsOnEnd,
  holdsOnStart,
  holdsReset,
  holdsTrip,
  NO_HOLDS,
} from '../../../lib/core/holds.ts';
import type { Ending, Outcome } from '../../../lib/core/outcome.ts';
import { recordOf, transitionOf } from '../../../lib/core/record.ts';
import type { RunRecord } from '../../../lib/core/run.ts';
import { SESSION_CLASSES, type SessionClass } from '../../../lib/core/session/class.ts';
import { settle } from '../../../lib/core/settle.ts';
import type { Tick, TickName } from '../../../lib/core/tick.ts';
import { toIso } from '../../../lib/core/time/instant.ts';

const T0 = Date.UTC(2026, 10, 20, 7);
const MIN = 60_000;
const HOUR = 60 * MIN;
const KEY = 'account:claude';
const tick: Tick = { cadence: 'brief', source: 'test', enqueued_at: toIso(T0) };
const name = (attempts = 1): TickName => ({ dueMs: T0, cadence: 'brief', id: 'x7k2p9qd4mzt', attempts });
const ending: Ending = {
  ...{ code: 1, signal: null, spawnError: null, stoppedFor: null, durationMs: 5, stdoutTail: '', stderrTail: '', droppedBytes: 0, survivors: [] },
  session: { id: '45944dd0-2f3e-47a3-b047-7d3a88ffd6a9', turns: 3 },
};

/** A session that ended as one of this class, up to its line in the log of runs and back. */
function run(kind: SessionClass, more: Partial<RunRecord> = {}, untilMs?: number): RunRecord {
  const { scope, retry, words } = SESSION_CLASSES[kind];
  const failing = { blame: scope, reason: words, class: kind, ...(untilMs === undefined ? {} : { untilMs }) };
  const outcome: Outcome = kind === 'ok' ? { kind: 'ok', summary: '' } : { kind: retry ? 'fail' : 'give_up', ...failing };
  const transition = settle(name(), tick, outcome, DEFAULT_RETRY, T0, 0.5);
  const about = { name: name(), tick, startedMs: T0, endedMs: T0, outcome, transition, ending, stdoutPath: null, stderrPath: null, costUsd: 0 };
  const cadence = { account: 'claude', run: { kind: 'claude', promptPath: '/brief.md' } } as unknown as Cadence;
  return { ...JSON.parse(JSON.stringify(recordOf({ ...about, cadence }))), ...more };
}
const fold = (holds: Holds, ...runs: readonly RunRecord[]): Holds => runs.reduce((book, one) => holdsOnEnd(book, one, DEFAULT_POLICIES, 0.5), holds);
const account = (holds: Holds): Breaker => breakerOf(holds, KEY);
const at = (run_id: string, ended_at = T0): Partial<RunRecord> => ({ run_id, ended_at: toIso(ended_at) });

describe('the record of a session', () => {
  it('says everything the holds need, and how to go on with the session', () => {
    const record = run('quota', {}, T0 + HOUR);
    assert.deepEqual([record.blame, record.class, record.account, record.blocked_until], ['account', 'quota', 'claude', toIso(T0 + HOUR)]);
    assert.deepEqual([record.session_id, record.turns], ['45944dd0-2f3e-47a3-b047-7d3a88ffd6a9', 3]);
  });

  it('M18 charges its tick nothing for what the account did, and dead-letters at once what no second try mends', () => {
    for (const [kind, { scope, retry }] of Object.entries(SESSION_CLASSES)) {
      if (kind === 'ok') continue;
      const transition = transitionOf(run(kind as SessionClass));
      if (scope === 'account') assert.ok(transition?.to === 'waiting' && transition.name.attempts === 0, kind);
      else if (retry) assert.ok(transition?.to === 'waiting' && transition.name.attempts === 1 && transition.name.dueMs > T0, kind);
      else assert.ok(transition?.to === 'dlq' && transition.name.reason === 'permanent', kind);
    }
  });
});

describe("the account's breaker", () => {
  it('M17 opens at once, for the longest time, on a dead key and on an empty purse', () => {
    for (const kind of ['auth', 'billing'] as const) {
      const breaker = account(fold(NO_HOLDS, run(kind)));
      assert.deepEqual([breaker.state, freeAtMs(breaker)], ['open', T0 + 4 * HOUR], kind);
    }
  });

  it('M16 backs off for what may be over in a minute, and opens on the third in a row', () => {
    for (const kind of ['rate_limit', 'overloaded', 'server', 'network'] as const) {
      const [one, two, three] = [1, 2, 3].map((count) => account(fold(NO_HOLDS, ...Array.from({ length: count }, (_none, n) => run(kind, at(`r${n}`))))));
      assert.deepEqual([one?.state, freeAtMs(one as Breaker)], ['backing_off', T0 + 30_000], kind);
      assert.deepEqual([two?.state, freeAtMs(two as Breaker)], ['backing_off', T0 + 2 * MIN], kind);
      assert.deepEqual([three?.state, freeAtMs(three as Breaker)], ['open', T0 + 30 * MIN], kind);
    }
  });

  it('has a policy of its own, whatever that of the cadence which failed', () => {
    const strict = { breaker: { failures: 1, openMs: 1, maxOpenMs: 1 }, retry: DEFAULT_RETRY };
    assert.equal(account(holdsOnEnd(NO_HOLDS, run('overloaded'), strict, 0.5)).state, 'backing_off');
  });

  it('is blocked until the time that the limit names, uncounted; without one it opens at once for half an hour', () => {
    const named = account(fold(NO_HOLDS, run('quota', {}, T0 + 5 * HOUR)));
    assert.deepEqual([named.state, named.failures, freeAtMs(named)], ['blocked', 0, T0 + 5 * HOUR]);
    const unnamed = account(fold(NO_HOLDS, run('quota')));
    assert.deepEqual([unnamed.state, freeAtMs(unnamed)], ['open', T0 + 30 * MIN]);
  });

  it('holds until the later of two ends that are named, and neither an older failure nor an older success moves it', () => {
    const blocked = fold(NO_HOLDS, run('quota', at('a'), T0 + 5 * HOUR), run('quota', at('b'), T0 + HOUR));
    assert.equal(freeAtMs(account(blocked)), T0 + 5 * HOUR);
    for (const late of [run('ok', at('old')), run('overloaded', at('old')), run('auth', at('old'))])
      assert.deepEqual(fold(blocked, late).breakers, blocked.breakers);
  });

  it('lets one probe through when a block is over, and stays shut to all others until that one has ended', () => {
    const blocked = fold(NO_HOLDS, run('quota', {}, T0 + HOUR));
    const probing = holdsOnStart(blocked, [KEY], 'probe');
    assert.deepEqual([account(probing).state, freeAtMs(account(probing))], ['half_open', Number.POSITIVE_INFINITY]);
    assert.equal(account(fold(probing, run('ok', at('probe')))).state, 'closed');
    assert.equal(account(fold(probing, run('ok', at('older')))).state, 'half_open');
    assert.equal(freeAtMs(account(fold(probing, run('overloaded', at('probe', T0 + HOUR))))), T0 + HOUR + 30 * MIN);
    assert.equal(freeAtMs(account(fold(probing, run('quota', at('probe', T0 + HOUR), T0 + 2 * HOUR)))), T0 + 2 * HOUR);
    assert.equal(freeAtMs(account(fold(probing, run('quota', at('older', T0 + HOUR), T0 + 2 * HOUR)))), Number.POSITIVE_INFINITY);
    assert.equal(freeAtMs(account(fold(probing, run('auth', at('probe', T0 + HOUR))))), T0 + 5 * HOUR);
    assert.equal(account(holdsAfterRestart(probing)).state, 'open');
  });

  it('is proved by a run in which it did its part, though the run failed by its own fault', () => {
    const probing = holdsOnStart(fold(NO_HOLDS, run('auth')), [KEY], 'probe');
    for (const kind of ['max_turns', 'budget', 'schema', 'refusal', 'denied', 'max_output'] as const)
      assert.equal(account(fold(probing, run(kind, at('probe')))).state, 'closed', kind);
    for (const kind of ['config', 'no_result', 'timeout', 'hung_start', 'killed'] as const)
      assert.equal(account(fold(probing, run(kind, at('probe')))).state, 'open', kind);
  });

  it('moves no cadence, and nothing moves for what somebody killed', () => {
    for (const [kind, { scope }] of Object.entries(SESSION_CLASSES)) {
      const book = fold(NO_HOLDS, run(kind as SessionClass));
      const moved = scope === 'account' ? [KEY] : scope === 'cadence' ? ['cadence:brief'] : [];
      assert.deepEqual(Object.keys(book.breakers), moved, kind);
    }
  });

  it('of a cadence without an account is its own: an uncharged tick must be slowed down by something', () => {
    const { account: _none, ...homeless } = run('auth');
    const book = fold(NO_HOLDS, homeless as RunRecord);
    assert.equal(freeAtMs(breakerOf(book, 'cadence:brief')), T0 + 4 * HOUR);
  });

  it('M20 lets one run through first after a reset, and is closed at once where nothing had failed', () => {
    for (const key of [KEY, undefined]) {
      const book = holdsReset(fold(NO_HOLDS, run('auth')), key, T0 + MIN);
      assert.deepEqual([account(book).state, freeAtMs(account(book))], ['open', T0 + MIN]);
      const probing = holdsOnStart(book, [KEY], 'canary');
      assert.equal(freeAtMs(account(probing)), Number.POSITIVE_INFINITY);
      assert.equal(freeAtMs(account(fold(probing, run('auth', at('canary', T0 + MIN))))), T0 + MIN + 4 * HOUR);
      assert.deepEqual(fold(probing, run('ok', at('canary'))).breakers, {});
    }
    assert.deepEqual(holdsReset(holdsTrip(NO_HOLDS, KEY, 'maintenance', T0), KEY, T0).breakers, {});
  });

  it('is the same fold of the records, whenever the book was written in between', () => {
    const kind = fc.constantFrom(...(Object.keys(SESSION_CLASSES) as SessionClass[]));
    const one = fc.record({ kind, id: fc.constantFrom('a', 'b', 'c'), hours: fc.option(fc.integer({ min: -2, max: 200 }), { nil: undefined }) });
    fc.assert(
      fc.property(fc.array(one, { maxLength: 20, size: 'max' }), fc.nat(20), (ends, cut) => {
        const runs = ends.map(({ kind, id, hours }) => run(kind, at(id), kind === 'quota' && hours !== undefined ? T0 + hours * HOUR : undefined));
        const written = JSON.parse(JSON.stringify(fold(NO_HOLDS, ...runs.slice(0, cut))));
        assert.deepEqual(fold(written, ...runs.slice(cut)), fold(NO_HOLDS, ...runs));
      }),
    );
  });

  it('has at most one probe, and only its success closes, in any order of starts, blocks, failures and successes', () => {
    const failure = { because: 'x', nowMs: T0, random: 0.5 };
    fc.assert(
      fc.property(fc.array(fc.constantFrom('start', 'block', 'fail', 'ok', 'old-ok', 'old-block'), { maxLength: 60, size: 'max' }), (steps) => {
        let [breaker, count]: [Breaker, number] = [CLOSED, 0];
        for (const what of steps) {
          const before = breaker;
          const runId = `r${count}`;
          if (what === 'start' && Number.isFinite(freeAtMs(breaker))) breaker = onStart(breaker, `r${++count}`);
          if (what === 'block') breaker = onBlocked(breaker, T0 + HOUR, { ...failure, runId });
          if (what === 'fail') breaker = onFailure(breaker, DEFAULT_BREAKER, DEFAULT_RETRY, { ...failure, runId });
          if (what === 'ok') breaker = onSuccess(breaker, runId);
          if (what === 'old-ok') breaker = onSuccess(breaker, 'elder');
          if (what === 'old-block') breaker = onBlocked(breaker, T0 + 2 * HOUR, { ...failure, runId: 'elder' });
          if (before.state === 'half_open' && before !== breaker) assert.equal(before.probe_id, runId);
          if (before.state === 'open' || before.state === 'blocked') assert.notEqual(breaker.state, 'closed');
        }
      }),
    );
  });
});
