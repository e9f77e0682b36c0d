import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { CLOSED } from '../../lib/core/breaker.ts';
import { admit, type GateInput, isMomentary } from '../../lib/core/gate.ts';
import { toIso } from '../../lib/core/time/instant.ts';

const T0 = Date.UTC(2026, 10, 20, 7);
const open: GateInput = {
  isForced: false,
  nowMs: T0,
  dueMs: T0 - 1,
  expiresMs: undefined,
  halted: undefined,
  paused: undefined,
  unfit: undefined,
  breakers: [{ key: 'cadence:nightly', breaker: CLOSED }],
  busy: false,
  laneFull: undefined,
  workspaceTaken: undefined,
  storage: undefined,
  shortage: undefined,
};
const held = (more: Partial<GateInput>): string => {
  const verdict = admit({ ...open, ...more });
  return verdict.kind === 'hold' ? verdict.cause : verdict.kind;
};

describe('the gate', () => {
  it('D5 D16 lets a forced tick past its age and a run under way, and past nothing that protects others', () => {
    const forced = { isForced: true, dueMs: 0, expiresMs: 1 };
    assert.equal(held({ ...forced, busy: true }), 'run');
    const others: readonly Partial<GateInput>[] = [
      { halted: 'x' },
      { paused: 'x' },
      { unfit: { cause: 'missing-env', because: 'x' } },
      { breakers: [{ key: 'account:claude', breaker: { state: 'isolated', failures: 1, since: toIso(T0), because: 'x' } }] },
      { laneFull: 'agent' },
      { workspaceTaken: '/x' },
      { storage: 'x' },
      { shortage: { because: 'x', untilMs: T0 } },
    ];
    for (const other of others) assert.notEqual(held({ ...forced, ...other }), 'run', JSON.stringify(other));
  });

  it('lets a tick run when nothing speaks against it', () => assert.deepEqual(admit(open), { kind: 'run' }));

  it('names the one cause that a person can do something about first', () => {
    assert.equal(held({ halted: 'halt exists', busy: true, storage: 'full' }), 'halt');
    assert.equal(held({ paused: 'paused', dueMs: T0 + 1 }), 'pause');
    assert.equal(held({ unfit: { cause: 'missing-env', because: 'TOKEN is not set' }, busy: true }), 'missing-env');
  });

  it('D25 holds, and does not fail, what lacks an environment variable', () => {
    const verdict = admit({ ...open, unfit: { cause: 'missing-env', because: 'TOKEN is not set' } });
    assert.deepEqual(verdict, { kind: 'hold', cause: 'missing-env', because: 'TOKEN is not set', untilMs: undefined });
  });

  it('says until when, where time ends the hold, and nothing where an event does', () => {
    const until = T0 + 60_000;
    const breaker = { state: 'open', failures: 3, until: toIso(until), open_ms: 60_000, because: 'exit 1', run_id: 'a' } as const;
    assert.deepEqual(admit({ ...open, breakers: [{ key: 'cadence:nightly', breaker }] }), {
      kind: 'hold',
      cause: 'circuit-open',
      because: 'cadence:nightly: exit 1',
      untilMs: until,
      key: 'cadence:nightly',
    });
    const probing = { ...breaker, state: 'half_open', probe_id: 'b' } as const;
    assert.deepEqual(admit({ ...open, breakers: [{ key: 'cadence:nightly', breaker: probing }] }), {
      kind: 'hold',
      cause: 'probe',
      because: 'cadence:nightly: its probe is under way',
      untilMs: undefined,
      key: 'cadence:nightly',
    });
    assert.deepEqual(admit({ ...open, dueMs: until }), { kind: 'hold', cause: 'due', because: 'its time has not come', untilMs: until });
  });

  it('holds for an account as for a cadence', () => {
    const breaker = { state: 'isolated', failures: 0, since: toIso(T0), because: 'billing' } as const;
    assert.equal(
      held({
        breakers: [
          { key: 'cadence:nightly', breaker: CLOSED },
          { key: 'account:claude', breaker },
        ],
      }),
      'isolated',
    );
  });

  it('ends what has expired, rather than holding it on', () => {
    assert.equal(held({ expiresMs: T0, busy: true }), 'expired');
    assert.equal(held({ expiresMs: T0 + 1 }), 'run');
  });

  it('names the rule that holds even now what has expired, and no run that is under way this moment', () => {
    const heldOf = (input: Partial<GateInput>): string | undefined => {
      const verdict = admit({ ...open, expiresMs: T0, ...input });
      assert.equal(verdict.kind, 'expired');
      return verdict.kind === 'expired' ? verdict.held : undefined;
    };
    assert.equal(heldOf({ shortage: { because: 'the day is spent', untilMs: T0 + 1 } }), 'the day is spent');
    assert.equal(heldOf({ unfit: { cause: 'disabled', because: 'it says enabled: false' } }), 'it says enabled: false');
    assert.equal(heldOf({ busy: true }), undefined);
    assert.equal(heldOf({}), undefined);
  });

  it('knows which holds are momentary: those that a run under way will end', () => {
    assert.deepEqual((['busy', 'lane', 'workspace', 'storage'] as const).map(isMomentary), [true, true, true, true]);
    assert.deepEqual((['due', 'pause', 'circuit-open', 'backoff', 'halt'] as const).map(isMomentary), [false, false, false, false, false]);
  });
});

it('what holds until an instant holds no more in that instant', () => {
  const until = (ms: number): Partial<GateInput> => ({
    breakers: [{ key: 'cadence:nightly', breaker: { state: 'open', failures: 3, until: toIso(ms), open_ms: 1000, because: 'x', run_id: 'r' } }],
  });
  assert.deepEqual([held(until(T0 + 1)), held(until(T0))], ['circuit-open', 'run']);
  assert.deepEqual([held({ dueMs: T0 + 1 }), held({ dueMs: T0 })], ['due', 'run']);
});
