import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { freeAtMs } from '../../lib/core/breaker.ts';
import { circuitView } from '../../lib/core/circuit-view.ts';
import { takeCensus } from '../../lib/core/conservation.ts';
import {
  breakerOf,
  DEFAULT_POLICIES,
  type Holds,
  holdsAfterRestart,
  holdsClamped,
  holdsOnEnd,
  holdsOnStart,
  holdsPause,
  holdsReset,
  holdsResume,
  holdsTrip,
  NO_HOLDS,
  probedBy,
} from '../../lib/core/holds.ts';
import type { RunRecord } from '../../lib/core/run.ts';
import { toIso } from '../../lib/core/time/instant.ts';

const T0 = Date.UTC(2026, 10, 20, 7);
const run = (more: Partial<RunRecord>): RunRecord => ({
  run_id: 'x7k2p9qd4mzt-1',
  cadence: 'nightly',
  tick: 'x7k2p9qd4mzt',
  attempt: 1,
  status: 'failed',
  reason: 'exit 1',
  summary: '',
  started_at: toIso(T0),
  ended_at: toIso(T0),
  duration_ms: 0,
  exit_code: 1,
  signal: null,
  cost_usd: null,
  stdout_path: null,
  stderr_path: null,
  blame: 'cadence',
  ...more,
});
const fold = (holds: Holds, ...runs: Partial<RunRecord>[]): Holds =>
  runs.reduce<Holds>((book, more) => holdsOnEnd(book, run(more), DEFAULT_POLICIES, 0.5), holds);
const state = (holds: Holds, key: string): string => breakerOf(holds, key).state;

describe('the book of holds', () => {
  it('M17 moves the key that is to blame, and no other', () => {
    const book = fold(NO_HOLDS, { run_id: 'a' }, { run_id: 'b' }, { run_id: 'c' });
    assert.equal(state(book, 'cadence:nightly'), 'open');
    assert.equal(state(book, 'cadence:other'), 'closed');
  });

  it('leaves a cadence alone for what its account did', () => {
    const book = fold(NO_HOLDS, { blame: 'account', account: 'claude' });
    assert.equal(state(book, 'cadence:nightly'), 'closed');
    assert.notEqual(state(book, 'account:claude'), 'closed');
  });

  it('stays the very same book over good ends where all is well, whatever is paused', () => {
    const paused = holdsPause(NO_HOLDS, 'cadence:other', 'holiday', T0);
    const { blame: _nobody, ...good } = run({ status: 'succeeded', reason: '' });
    for (const book of [NO_HOLDS, paused])
      for (const more of [{}, { account: 'claude', provider: 'codex' }]) assert.equal(holdsOnEnd(book, { ...good, ...more }, DEFAULT_POLICIES, 0.5), book);
  });

  it('moves nothing for what was stopped, skipped, coalesced or never run', () => {
    for (const status of ['interrupted', 'cancelled', 'skipped', 'coalesced', 'expired'] as const) {
      const { blame: _none, ...blameless } = run({ status });
      assert.deepEqual(holdsOnEnd(NO_HOLDS, blameless, DEFAULT_POLICIES, 0.5).breakers, {}, status);
    }
    assert.deepEqual(holdsOnEnd(NO_HOLDS, { ...run({ status: 'dead' }), blame: 'nobody' }, DEFAULT_POLICIES, 0.5).breakers, {});
  });

  it('keeps what is open over a restart, voids the probe, and forgets nothing else', () => {
    const open = fold(NO_HOLDS, { run_id: 'a' }, { run_id: 'b' }, { run_id: 'c' });
    const probing = holdsOnStart(open, ['cadence:nightly', 'account:claude'], 'd');
    assert.equal(state(probing, 'cadence:nightly'), 'half_open');
    assert.deepEqual(holdsAfterRestart(probing).breakers, open.breakers);
    assert.deepEqual([probedBy(probing, 'd'), probedBy(probing, 'c'), probedBy(open, 'd')], [['cadence:nightly'], [], []]);
  });

  it('takes a run that nobody is to blame for as the proof of its account where the model answered, and of its cadence never', () => {
    const keys = ['cadence:nightly', 'account:claude'];
    const failing = { run_id: 'a', blame: 'account', class: 'auth', account: 'claude' } as const;
    const opened = fold(fold(NO_HOLDS, failing), { run_id: 'b' }, { run_id: 'c' }, { run_id: 'd' });
    const end = (kind: string): Holds => {
      const about = { run_id: 'p', status: 'failed', blame: 'nobody', account: 'claude', class: kind } as const;
      return holdsOnEnd(holdsOnStart(opened, keys, 'p'), run(about), DEFAULT_POLICIES, 0.5);
    };
    for (const kind of ['spent', 'schema'])
      assert.deepEqual(
        keys.map((key) => state(end(kind), key)),
        ['open', 'closed'],
        kind,
      );
    assert.deepEqual(
      keys.map((key) => state(end('killed'), key)),
      ['open', 'open'],
    );
  });

  it('is pure, plain JSON: the same runs give the same book, whenever it was written in between', () => {
    const one = fc.record(
      {
        run_id: fc.constantFrom('a', 'b', 'c', 'd'),
        status: fc.constantFrom('failed', 'succeeded', 'interrupted', 'dead'),
        cadence: fc.constantFrom('nightly', 'hourly'),
      },
      { noNullPrototype: true },
    );
    fc.assert(
      fc.property(fc.array(one, { maxLength: 30, size: 'max' }), fc.nat(30), (runs, cut) => {
        const whole = fold(NO_HOLDS, ...(runs as Partial<RunRecord>[]));
        const written = JSON.parse(JSON.stringify(fold(NO_HOLDS, ...(runs.slice(0, cut) as Partial<RunRecord>[]))));
        assert.deepEqual(fold(written, ...(runs.slice(cut) as Partial<RunRecord>[])), whole);
      }),
    );
  });

  it('M20 A54 is emptied by a reset, of one key or of all', () => {
    const book = holdsTrip(fold(NO_HOLDS, {}), 'account:claude', 'billing', T0);
    assert.deepEqual(Object.keys(holdsReset(book, 'account:claude').breakers), ['cadence:nightly']);
    assert.deepEqual(holdsReset(book, undefined).breakers, {});
  });

  it('resumes everything with the bus, and one key alone', () => {
    const book = holdsPause(holdsPause(NO_HOLDS, 'bus', 'x', T0), 'cadence:nightly', 'y', T0);
    assert.deepEqual(Object.keys(holdsResume(book, 'cadence:nightly').paused), ['bus']);
    assert.deepEqual(holdsResume(book, 'bus').paused, {});
  });
});

describe('circuit-open.json', () => {
  const open = fold(NO_HOLDS, { run_id: 'a' }, { run_id: 'b' }, { run_id: 'c' });

  it('M19 has failures and open_until for each open cadence, and accounts apart', () => {
    const view = circuitView(holdsTrip(open, 'account:claude', 'billing', T0), T0);
    assert.deepEqual(view, {
      generated: toIso(T0),
      open: { nightly: { failures: 3, open_until: toIso(T0 + 30 * 60_000), state: 'open', reason: 'exit 1', run_id: 'c' } },
      accounts: {
        claude: {
          ...{ failures: 0, open_until: '9999-12-31T23:59:59.999Z', state: 'isolated', reason: 'billing', run_id: null },
          advice: 'It is held open by an operator. To let it go on: cadence-bus breaker reset account:claude',
        },
      },
    });
  });

  it('is not there while nothing is open, however often something failed', () => {
    assert.equal(circuitView(NO_HOLDS, T0), undefined);
    assert.equal(circuitView(fold(NO_HOLDS, {}), T0), undefined);
  });

  it('says half_open once the time is over: an entry never outlives its open_until unseen', () => {
    assert.equal(circuitView(open, T0 + 31 * 60_000)?.open.nightly?.state, 'half_open');
    const quota = fold(NO_HOLDS, { status: 'failed', blame: 'account', class: 'quota', account: 'claude', blocked_until: toIso(T0 + 3_600_000) });
    const states = [0, 3_599_999, 3_600_000, 86_400_000].map((ms) => circuitView(quota, T0 + ms)?.accounts.claude?.state);
    assert.deepEqual(states, ['open', 'open', 'half_open', 'half_open']);
  });
});

describe('the conservation proof', () => {
  it('adds up, and names what is missing or doubled', () => {
    const audit = takeCensus({
      waiting: new Set(['a', 'b']),
      running: new Set(['c', 'b']),
      dead: new Set(['d']),
      finished: new Set(['e', 'd', 'f']),
      seen: new Set(['a', 'b', 'c', 'd', 'e', 'f', 'lost']),
    });
    assert.deepEqual(audit, { enqueued: 7, waiting: 2, running: 2, finished: 2, dead: 1, missing: ['lost'], doubled: ['b'] });
  });
});

it('a dead key and an empty purse open their account at once, for the longest time; an error of the API does not', () => {
  for (const [kind, expected] of [
    ['auth', 'open'],
    ['billing', 'open'],
    ['quota', 'open'],
    ['server', 'backing_off'],
  ] as const) {
    const book = fold(NO_HOLDS, { blame: 'account', account: 'claude', class: kind });
    assert.equal(state(book, 'account:claude'), expected, kind);
    assert.equal(state(book, 'cadence:nightly'), 'closed', kind);
  }
});

it('where the clock was set back, each hold is cut to the longest of its own kind', () => {
  const retry = { ...DEFAULT_POLICIES.retry, delaysMs: [600_000], jitter: 0.25 };
  const policies = { ...DEFAULT_POLICIES, retry };
  const backing = holdsOnEnd(NO_HOLDS, run({}), policies, 0.5);
  const open = holdsOnEnd(holdsOnEnd(backing, run({}), policies, 0.5), run({}), policies, 0.5);
  const lasting = holdsOnEnd(NO_HOLDS, run({ blame: 'account', account: 'claude', class: 'auth' }), policies, 0.5);
  const backMs = T0 - 3 * 3_600_000;
  const leftMs = (book: Holds, key: string): number =>
    freeAtMs(
      breakerOf(
        holdsClamped(book, backMs, () => policies),
        key,
      ),
    ) - backMs;
  assert.equal(leftMs(backing, 'cadence:nightly'), 750_000);
  assert.equal(leftMs(open, 'cadence:nightly'), DEFAULT_POLICIES.breaker.openMs);
  assert.equal(leftMs(lasting, 'account:claude'), DEFAULT_POLICIES.breaker.maxOpenMs);
  for (const [book, key] of [
    [backing, 'cadence:nightly'],
    [open, 'cadence:nightly'],
    [lasting, 'account:claude'],
  ] as const)
    assert.equal(
      breakerOf(
        holdsClamped(book, T0, () => policies),
        key,
      ),
      breakerOf(book, key),
      'a clock that was not set changes nothing',
    );
});
