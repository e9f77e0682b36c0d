import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { accountAdvice, countdown } from '../../../lib/core/agent/account-advice.ts';
import type { Breaker } from '../../../lib/core/breaker.ts';
import { circuitView } from '../../../lib/core/circuit-view.ts';
import { breakerOf, DEFAULT_POLICIES, holdsOnEnd, holdsReset, NO_HOLDS } from '../../../lib/core/holds.ts';
import type { RunRecord } from '../../../lib/core/run.ts';
import { SESSION_CLASSES } from '../../../lib/core/session/class.ts';
import { toIso } from '../../../lib/core/time/instant.ts';
import { parseCircuitView, parseHolds } from '../../../lib/wire/state.ts';

const T0 = Date.UTC(2026, 10, 20, 14, 47);
const KEY = 'account:claude';
const failed = (kind: string, more: Partial<RunRecord> = {}): RunRecord => ({
  ...{ run_id: 'x7k2p9qd4mzt-0', cadence: 'brief', tick: 'x7k2p9qd4mzt', attempt: 1, status: 'failed', reason: 'no', summary: '', duration_ms: 0 },
  ...{ started_at: toIso(T0), ended_at: toIso(T0), exit_code: 1, signal: null, cost_usd: null, stdout_path: null, stderr_path: null },
  ...{ blame: 'account', class: kind, account: 'claude' },
  ...more,
});
const heldFor = (kind: string, more: Partial<RunRecord> = {}) => holdsOnEnd(NO_HOLDS, failed(kind, more), DEFAULT_POLICIES, 0.5);
const adviceFor = (kind: string, more: Partial<RunRecord> = {}) => accountAdvice('claude', breakerOf(heldFor(kind, more), KEY));

describe('the advice on an account', () => {
  it('tells what mends it, by the kind of its failure', () => {
    assert.match(adviceFor('auth'), /claude setup-token.*ANTHROPIC_API_KEY/);
    assert.match(adviceFor('billing'), /credit.*cadence-bus breaker reset account:claude$/);
    assert.match(adviceFor('quota', { blocked_until: toIso(T0 + 3_600_000) }), /^Nothing to do: the usage limit ends by itself/);
    assert.match(adviceFor('quota'), /names no end/);
    assert.match(adviceFor('network'), /curl .*HTTPS_PROXY/);
  });

  it('names no website and no command of claude alone for an account of another name', () => {
    const other = (kind: string): string => {
      const failure = { ...failed(kind), account: 'codex' };
      return accountAdvice('codex', breakerOf(holdsOnEnd(NO_HOLDS, failure, DEFAULT_POLICIES, 0.5), 'account:codex'));
    };
    for (const [kind, words] of [
      ['auth', /program that uses the account codex .*accounts: \{codex: \{probe: …\}\}.*breaker reset account:codex$/],
      ['billing', /^Add credit to the account codex, then: cadence-bus breaker reset account:codex$/],
      ['server', /^Nothing to do here: its API/],
      ['network', /HTTPS_PROXY.*breaker reset account:codex$/],
      ['rate_limit', /^Nothing to do/],
    ] as const) {
      assert.match(other(kind), words);
      assert.doesNotMatch(other(kind), /anthropic|status\.claude/);
    }
  });

  it('is there for every class that is an account’s, for a class of another version, and for an operator’s own stop', () => {
    const all = Object.entries(SESSION_CLASSES).filter(([, { scope }]) => scope === 'account');
    const advices = all.map(([kind]) => adviceFor(kind));
    assert.ok(advices.every((advice) => advice.length > 20 && /[.)]$|account:claude$/.test(advice)));
    assert.match(adviceFor('of-tomorrow'), /breaker reset account:claude/);
    const isolated: Breaker = { state: 'isolated', failures: 0, since: toIso(T0), because: 'enough' };
    assert.match(accountAdvice('work', isolated), /breaker reset account:work$/);
  });

  it('M19 stands in circuit-open.json beside the class, and both survive a reading', () => {
    const view = circuitView(heldFor('auth'), T0);
    assert.deepEqual([view?.accounts.claude?.class, view?.accounts.claude?.advice], ['auth', adviceFor('auth')]);
    assert.deepEqual(parseCircuitView(JSON.parse(JSON.stringify(view))), view);
    const book = heldFor('auth');
    assert.deepEqual(parseHolds(JSON.parse(JSON.stringify(book))), book);
  });

  it('is kept over a reset, for what is tried again may fail again', () => {
    const breaker = breakerOf(holdsReset(heldFor('auth'), KEY, T0), KEY);
    assert.match(accountAdvice('claude', breaker), /claude setup-token/);
  });
});

describe('the countdown', () => {
  const MIN = 60_000;
  for (const [rest, zone, words] of [
    [133 * MIN, 'UTC', 'resumes in 2 h 13 m (17:00)'],
    [133 * MIN, 'Europe/Vienna', 'resumes in 2 h 13 m (18:00)'],
    [132 * MIN + 1000, 'UTC', 'resumes in 2 h 13 m (16:59)'],
    [60 * MIN, 'UTC', 'resumes in 1 h (15:47)'],
    [45_000, 'UTC', 'resumes in 45 s (14:47)'],
    [26 * 60 * MIN, 'UTC', 'resumes in 1 d 2 h (Sat 21 Nov 16:47)'],
    [0, 'UTC', 'its next run is the probe'],
    [-MIN, 'UTC', 'its next run is the probe'],
  ] as const)
    it(`says "${words}"`, () => assert.equal(countdown(T0 + rest, T0, zone), words));
});
