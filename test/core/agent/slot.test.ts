import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { asRunBy, blamedOn, chooseSlot, variantsOf } from '../../../lib/core/agent/slot.ts';
import { type Breaker, CLOSED, freeAtMs } from '../../../lib/core/breaker.ts';
import type { AgentSlot, Cadence } from '../../../lib/core/cadence.ts';
import { controlCadence } from '../../../lib/core/control.ts';
import {
  accountKey,
  breakerOf,
  DEFAULT_POLICIES,
  type Holds,
  holdsOnEnd,
  holdsOnStart,
  holdsReset,
  keysOf,
  NO_HOLDS,
  providerKey,
} from '../../../lib/core/holds.ts';
import type { Ending, Outcome } from '../../../lib/core/outcome.ts';
import { pathsOf } from '../../../lib/core/paths.ts';
import type { RunRecord } from '../../../lib/core/run.ts';
import { settle } from '../../../lib/core/settle.ts';
import { toIso } from '../../../lib/core/time/instant.ts';

const T0 = Date.UTC(2026, 10, 20, 7);
const MINUTE = 60_000;

function slot(name: string, more: Partial<AgentSlot> = {}): AgentSlot {
  const run = { kind: 'agent', promptPath: '/p.md', argv: [name], output: 'text', cwd: '/', env: { names: [], values: {} } } as const;
  return { name, run, account: name, workspace: '/', isForDiagnosis: false, ...more };
}

const cadenceOf = (slots: readonly AgentSlot[], more: Partial<Cadence> = {}): Cadence => ({
  ...controlCadence(pathsOf('/root')),
  name: 'duty',
  slots,
  ...more,
});
const choose = (cadence: Cadence, holds: Holds, nowMs: number): string | undefined => chooseSlot(cadence, (key) => breakerOf(holds, key), nowMs).provider;

let runs = 0;
function ended(book: Holds, provider: string, more: Partial<RunRecord>, atMs: number): Holds {
  runs += 1;
  const run_id = `x7k2p9qd4mzt-${runs}`;
  const started = holdsOnStart(book, keysOf({ name: 'duty', account: provider, provider }), run_id);
  const record = {
    run_id,
    cadence: 'duty',
    tick: 'x7k2p9qd4mzt',
    attempt: 1,
    status: 'failed',
    reason: 'exit 1',
    summary: '',
    ...times(atMs),
    exit_code: 1,
  } as const;
  const about = { signal: null, cost_usd: null, stdout_path: null, stderr_path: null, account: provider, provider } as const;
  return holdsOnEnd(started, { ...record, ...about, ...more }, DEFAULT_POLICIES, 0.5);
}
const times = (atMs: number) => ({ started_at: toIso(atMs), ended_at: toIso(atMs), duration_ms: 0 });

const ENDING: Ending = {
  ...{ code: 1, signal: null, spawnError: null, stoppedFor: null, durationMs: 1, stdoutTail: '', stderrTail: '', droppedBytes: 0 },
  survivors: [],
};
const FAILED: Outcome = { kind: 'fail', blame: 'cadence', reason: 'exit 1' };

describe('the choice of an agent', () => {
  it('P17 is the first that is free, and one for diagnosis only where the cadence is one', () => {
    const slots = [slot('looker', { isForDiagnosis: true }), slot('main'), slot('spare')];
    assert.equal(choose(cadenceOf(slots), NO_HOLDS, T0), 'main');
    assert.equal(choose(cadenceOf(slots, { isDiagnosis: true }), NO_HOLDS, T0), 'looker');
    assert.deepEqual(
      variantsOf(cadenceOf(slots)).map(({ provider, account }) => [provider, account]),
      [
        ['main', 'main'],
        ['spare', 'spare'],
      ],
    );
    assert.equal(asRunBy(cadenceOf(slots), 'spare').account, 'spare');
    assert.equal(asRunBy(cadenceOf(slots), 'gone').provider, undefined, 'a run of an agent that is gone is judged as the cadence is now');
  });

  it('P17 passes one over after three failures, lets one probe through when its time is over, and takes it again when that ends well', () => {
    const cadence = cadenceOf([slot('main'), slot('spare')]);
    let book = NO_HOLDS;
    let now = T0;
    for (let n = 1; n <= 3; n += 1) {
      assert.equal(choose(cadence, book, now), 'main', `before failure ${n}`);
      book = ended(book, 'main', { blame: 'provider' }, now);
      assert.equal(choose(cadence, book, now), 'spare', `right after failure ${n}`);
      now += n < 3 ? 3 * MINUTE : 29 * MINUTE;
    }
    assert.equal(breakerOf(book, providerKey('main')).state, 'open');
    assert.equal(choose(cadence, book, now), 'spare', 'its half hour is not over');
    now += 2 * MINUTE;
    assert.equal(choose(cadence, book, now), 'main');
    const probing = holdsOnStart(book, [providerKey('main')], 'probe');
    assert.equal(choose(cadence, probing, now), 'spare', 'while its probe is under way');
    const well = ended(book, 'main', { status: 'succeeded' }, now);
    assert.equal(breakerOf(well, providerKey('main')), CLOSED);
    const failed = ended(book, 'main', { blame: 'provider' }, now);
    const breaker = breakerOf(failed, providerKey('main'));
    assert.ok(breaker.state === 'open' && breaker.open_ms === 60 * MINUTE, 'twice as long');
    assert.equal(breakerOf(holdsReset(failed, providerKey('main'), now), providerKey('main')).state, 'open', 'a reset lets one run through first');
    assert.equal(choose(cadence, holdsReset(failed, providerKey('main'), now), now), 'main');
  });

  it('is held by its account too: what is dead for one agent is dead for all that use it', () => {
    const cadence = cadenceOf([slot('opus', { account: 'work' }), slot('haiku', { account: 'work' }), slot('spare')]);
    const book = holdsOnEnd(
      NO_HOLDS,
      {
        ...({ run_id: 'a', cadence: 'duty', tick: 'a', attempt: 1, status: 'failed', reason: 'authentication failed', summary: '' } as const),
        ...times(T0),
        exit_code: 1,
        signal: null,
        cost_usd: null,
        stdout_path: null,
        stderr_path: null,
        blame: 'account',
        class: 'auth',
        account: 'work',
        provider: 'opus',
      },
      DEFAULT_POLICIES,
      0.5,
    );
    assert.equal(breakerOf(book, accountKey('work')).state, 'open');
    assert.equal(breakerOf(book, providerKey('opus')), CLOSED, 'one cause moves one breaker');
    assert.equal(choose(cadence, book, T0), 'spare');
  });

  it('is never one that is held while another is free, and else the one that is free first', () => {
    const breaker = fc.oneof(
      fc.constant<Breaker>(CLOSED),
      fc
        .integer({ min: -100, max: 100 })
        .map((at): Breaker => ({ state: 'open', failures: 3, until: toIso(T0 + at * MINUTE), open_ms: MINUTE, because: '', run_id: '' })),
      fc.constant<Breaker>({ state: 'isolated', failures: 0, since: toIso(T0), because: '' }),
    );
    fc.assert(
      fc.property(fc.array(fc.tuple(breaker, breaker, fc.boolean()), { minLength: 1, maxLength: 5 }), fc.boolean(), (drawn, isDiagnosis) => {
        const slots = drawn.map(([, , isForDiagnosis], n) => slot(`agent-${n}`, { isForDiagnosis }));
        const breakers = Object.fromEntries(
          drawn.flatMap(([own, account], n) => [
            [providerKey(`agent-${n}`), own],
            [accountKey(`agent-${n}`), account],
          ]),
        );
        const cadence = cadenceOf(slots, { isDiagnosis });
        const freeMs = (name: string): number => Math.max(0, ...[providerKey(name), accountKey(name)].map((key) => freeAtMs(breakers[key] ?? CLOSED)));
        const fit = slots.filter(({ isForDiagnosis }) => isDiagnosis || !isForDiagnosis).map(({ name }) => name);
        const chosen = chooseSlot(cadence, (key) => breakers[key] ?? CLOSED, T0).provider;
        const free = fit.filter((name) => freeMs(name) <= T0);
        if (fit.length === 0) assert.equal(chosen, undefined);
        else if (free.length > 0) assert.equal(chosen, free[0]);
        else assert.equal(freeMs(chosen ?? ''), Math.min(...fit.map(freeMs)));
      }),
    );
  });
});

describe('whose failure it is, where there are several agents', () => {
  const duty = { ...cadenceOf([]), provider: 'main', account: 'main', run: slot('main').run };

  it('P17 is that of an agent that could not begin, and its tick is not charged', () => {
    const name = { dueMs: T0, cadence: 'duty', id: 'x7k2p9qd4mzt', attempts: 2 };
    const tick = { cadence: 'duty', source: 'test', enqueued_at: toIso(T0) };
    const unusable: readonly (readonly [Outcome, Partial<Ending>])[] = [
      [FAILED, { code: 127 }],
      [FAILED, { code: 126 }],
      [FAILED, { code: null, spawnError: 'ENOENT' }],
      [{ ...FAILED, kind: 'give_up', class: 'config' }, {}],
      [{ ...FAILED, kind: 'give_up', class: 'model' }, {}],
      [
        { ...FAILED, class: 'hung_start' },
        { code: null, stoppedFor: 'hung_start' },
      ],
    ];
    for (const [outcome, more] of unusable) {
      const blamed = blamedOn(duty, outcome, { ...ENDING, ...more });
      assert.deepEqual([blamed.kind, 'blame' in blamed && blamed.blame], ['fail', 'provider'], JSON.stringify([outcome, more]));
      const move = settle(name, tick, blamed, DEFAULT_POLICIES.retry, T0, 0.5);
      assert.ok(move.to === 'waiting' && move.name.attempts === 1 && move.name.dueMs === T0, 'it goes on at once, uncharged');
      assert.equal(blamedOn({ ...duty, provider: undefined }, outcome, { ...ENDING, ...more }), outcome, 'where there is no choice nothing changes');
    }
  });

  it('is its account’s where the last words of a program name such a cause, and the duty’s where they do not', () => {
    const words = (stderrTail: string, more: Partial<Ending> = {}): unknown => {
      const blamed = blamedOn(duty, FAILED, { ...ENDING, stderrTail, ...more });
      return 'blame' in blamed ? [blamed.blame, blamed.class] : blamed.kind;
    };
    assert.deepEqual(words('ERROR: unexpected status 401 Unauthorized: Missing bearer'), ['account', 'auth']);
    assert.deepEqual(words("You've hit your usage limit. Upgrade to Pro"), ['account', 'quota']);
    assert.deepEqual(words('error: ECONNREFUSED 127.0.0.1:443'), ['account', 'network']);
    assert.deepEqual(words('Error: prompt is too long'), ['cadence', undefined]);
    assert.deepEqual(words('assertion failed'), ['cadence', undefined]);
    assert.deepEqual(words('not logged in', { code: null, stoppedFor: 'timeout' }), ['cadence', undefined]);
    const unnamed = blamedOn({ ...duty, account: undefined }, FAILED, { ...ENDING, stderrTail: 'not logged in' });
    assert.ok('blame' in unnamed && unnamed.blame === 'provider');
  });

  it('is counted for both where nobody can tell, and for neither where the agent did its part or only the guard ran', () => {
    const failures = (more: Partial<RunRecord>): readonly number[] => {
      const book = ended(NO_HOLDS, 'main', { blame: 'cadence', ...more }, T0);
      return [breakerOf(book, 'cadence:duty').failures, breakerOf(book, providerKey('main')).failures];
    };
    assert.deepEqual(failures({}), [1, 1]);
    assert.deepEqual(failures({ class: 'timeout' }), [1, 1]);
    assert.deepEqual(failures({ class: 'max_turns' }), [1, 0]);
    assert.deepEqual(failures({ class: 'guard' }), [1, 0]);
  });
});
