import assert from 'node:assert/strict';
import { it } from 'node:test';
import { isUntold } from '../../lib/app/owner/holding.ts';
import { admit, type GateInput } from '../../lib/core/gate.ts';

const open: GateInput = { nowMs: 0, dueMs: 0, expiresMs: undefined, isForced: false, breakers: [], busy: false } as unknown as GateInput;
const untold = (input: Partial<GateInput>): boolean => {
  const verdict = admit({ ...open, ...input });
  assert.equal(verdict.kind, 'hold');
  return isUntold(verdict as Extract<typeof verdict, { kind: 'hold' }>);
};

it('what holds a tick is told beside the holds where one of them does, whatever its words begin with', () => {
  const breaker = { state: 'isolated', failures: 0, since: '2026-11-20T06:00:00.000Z', because: 'no contract' } as const;
  assert.equal(untold({ breakers: [{ key: 'account:vendor', breaker }] }), false);
  assert.equal(untold({ breakers: [{ key: 'cadence:nightly', breaker }] }), false);
  assert.equal(untold({ unasked: { key: 'account:vendor', because: 'it is being asked whether it has a login' } }), false);
  assert.equal(untold({ halted: 'halted' }), false);
  assert.equal(untold({ unfit: { cause: 'missing-env', because: 'account: is no name of a variable' } }), true);
  assert.equal(untold({ storage: 'cadence:nightly: the disk is full' }), true);
  assert.equal(isUntold({ cause: 'busy' }), true, 'an owner of an earlier version names no key');
});
