import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { isBeforeCanary, isWatched, type Opened, onAnswer } from '../../../lib/core/agent/account-probe.ts';
import { readAuthStatus } from '../../../lib/core/agent/auth-status.ts';
import type { ProbeAnswer, ProbeBaseline } from '../../../lib/core/agent/probe-answer.ts';
import { toIso } from '../../../lib/core/time/instant.ts';

const T0 = Date.UTC(2026, 10, 20, 7);
const open = (untilMs: number, more: Partial<Opened> = {}): Opened =>
  ({ state: 'open', failures: 1, until: toIso(untilMs), open_ms: 1000, because: 'no', run_id: 'r', class: 'auth', ...more }) as Opened;
const [ahead, over] = [open(T0 + 1), open(T0)];
const answer = (kind: ProbeAnswer['kind'], mark = 'a'): ProbeAnswer => ({ kind, mark });
const before = (kind: ProbeAnswer['kind'], mark = 'a'): ProbeBaseline => ({ kind, mark, run_id: 'r', cadence: 'c', asked_at: toIso(T0) });
const step = (...of: Parameters<typeof onAnswer>): string => onAnswer(...of).kind;

describe('the answer of an account', () => {
  it('lets no canary go without a login, however long it was held', () => {
    assert.deepEqual([step(over, before('unfit'), answer('unfit'), T0), step(ahead, before('fit'), answer('unfit', 'b'), T0)], ['extend', 'wait']);
  });

  it('lets one go at once where the login is another one than that which failed, and waits where it is the same', () => {
    assert.equal(step(ahead, before('fit'), answer('fit', 'b'), T0), 'canary');
    assert.equal(step(ahead, before('unfit'), answer('fit', 'b'), T0), 'canary');
    assert.equal(step(ahead, before('fit'), answer('fit'), T0), 'wait');
    assert.equal(step(ahead, undefined, answer('fit'), T0), 'wait');
  });

  it('holds nothing back where the time is over and nobody could be asked', () => {
    assert.deepEqual([step(over, undefined, answer('unknown'), T0), step(over, before('fit'), answer('fit'), T0)], ['let', 'let']);
  });

  it('is asked for before a canary, each minute for a dead login alone, and not after a reset by a person', () => {
    assert.deepEqual(
      [isBeforeCanary(over, T0), isBeforeCanary(ahead, T0), isBeforeCanary(open(T0, { open_ms: 0 } as Partial<Opened>), T0)],
      [true, false, false],
    );
    assert.deepEqual([isWatched(ahead, T0), isWatched(over, T0), isWatched(open(T0 + 1, { class: 'billing' }), T0)], [true, false, false]);
  });
});

describe('claude auth status', () => {
  it('is read loosely; what is none of it says nothing', () => {
    const said = '{"loggedIn": true, "authMethod": "api_key", "apiKeySource": "ANTHROPIC_API_KEY", "loginExpiresAt": null, "new": 1}';
    const status = readAuthStatus(`a notice\n${said}\n`);
    assert.deepEqual([status?.isLoggedIn, status?.method, status?.keySource, status?.expiresMs], [true, 'api_key', 'ANTHROPIC_API_KEY', undefined]);
    assert.equal(readAuthStatus('{"loggedIn": false, "loginExpiresAt": 1795755377}')?.expiresMs, 1_795_755_377_000);
    for (const none of ['', "error: unknown command 'auth'", '{"loggedIn": "yes"}', '[true]', '{']) assert.equal(readAuthStatus(none), undefined, none);
    assert.notDeepEqual(readAuthStatus(said)?.marks, readAuthStatus(said.replace('null', '"2027-01-01"'))?.marks);
  });
});
