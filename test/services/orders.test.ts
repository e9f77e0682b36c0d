import assert from 'node:assert/strict';
import { mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import type { Outcome } from '../../lib/core/outcome.ts';
import { formatDeadName } from '../../lib/core/tick.ts';
import { createFiles } from '../../lib/platform/files.ts';
import { createOrders } from '../../lib/services/orders.ts';
import { testClock } from '../support/bus.ts';
import { storyOwner, storyRunner } from '../support/story.ts';
import { tempRoot } from '../support/temp-root.ts';

async function yard(underWay = 3) {
  const root = tempRoot();
  mkdirSync(`${root}/cadences`);
  const { parts } = storyOwner(root, createFiles(), testClock(), storyRunner());
  await parts.book.load();
  parts.book.save();
  const stopped: string[] = [];
  const orders = createOrders({
    ...parts,
    stopRun: (id) => id === 'runs00000001' && stopped.push(id) > 0,
    stopRuns: (cadence) => (cadence === 'nightly' ? 2 : 0),
    cancelPending: async (id) => id === 'waits0000001',
    stopAll: () => underWay,
    allCadences: () => [],
    incident: async ({ id }) => ({ kind: 'ok', summary: `${String(id)} is resolved` }),
    users: () => ({ isCadence: () => true, shared: undefined }),
    ignoreMissed: async () => undefined,
    respond: async ({ incident }) => ({ kind: 'ok', summary: `${String(incident)} is answered` }),
    redact: (text) => text.replaceAll('hunter2', '[redacted]'),
  });
  return { parts, orders, stopped };
}

const summaryOf = (outcome: Outcome): string =>
  outcome.kind === 'ok' ? outcome.summary : outcome.kind === 'skip' ? `refused: ${outcome.reason}` : outcome.kind;

describe('orders', () => {
  const cases: readonly (readonly [payload: unknown, answer: string])[] = [
    [{ order: 'pause', key: 'bus' }, 'bus is paused'],
    [{ order: 'respond', incident: 'x' }, 'x is answered'],
    [{ order: 'pause', key: 'cadence:nightly' }, 'cadence:nightly is paused'],
    [{ order: 'pause', key: 'cadence:../x' }, 'refused: "cadence:../x" cannot be paused'],
    [{ order: 'pause' }, 'refused: "undefined" cannot be paused'],
    [{ order: 'resume', key: 'bus' }, 'bus goes on'],
    [{ order: 'trip', key: 'account:claude' }, 'account:claude is held open'],
    [{ order: 'trip', key: 'bus' }, 'refused: "bus" is no key of a breaker'],
    [{ order: 'reset' }, 'every breaker is closed'],
    [{ order: 'reset', key: 7 }, 'refused: "7" is no key of a breaker'],
    [{ order: 'cancel', id: 'runs00000001' }, 'runs00000001 is being stopped'],
    [{ order: 'cancel', id: 'runs00000001-2' }, 'runs00000001 is being stopped'],
    [{ order: 'cancel', id: 'waits0000001' }, 'waits0000001 is cancelled'],
    [{ order: 'cancel', id: 'nowhere00001' }, 'refused: nowhere00001 neither waits nor runs'],
    [{ order: 'cancel', id: '../../etc' }, 'refused: "../../etc" is no id of a run or a tick'],
    [{ order: 'abort', cadence: 'nightly', id: 'waits0000001' }, '2 runs are being stopped; waits0000001 is cancelled'],
    [{ order: 'abort', cadence: 'nightly' }, '2 runs are being stopped'],
    [{ order: 'abort', cadence: 'weekly', id: 'waits0000001' }, 'waits0000001 is cancelled'],
    [{ order: 'abort', cadence: 'weekly', id: 'nowhere00001' }, 'refused: weekly runs nothing, and no try of it waits'],
    [{ order: 'abort', cadence: '../x' }, 'refused: "../x" cannot be aborted'],
    [{ order: 'ignore', cadence: 'nightly', until: '2026-11-21T07:00:00Z' }, 'missed slots of nightly are ignored'],
    [{ order: 'ignore', cadence: '../x', until: 'soon' }, 'refused: "../x" cannot be ignored'],
    [{ order: 'incident', what: 'resolve', id: 'x' }, 'x is resolved'],
    [{ order: 'kill' }, '3 runs are being stopped'],
    [{ order: 'format-the-disk' }, 'refused: "format-the-disk" is no order'],
    [null, 'refused: "undefined" is no order'],
    ['pause', 'refused: "undefined" is no order'],
  ];
  for (const [payload, answer] of cases) {
    it(`A20 answers ${JSON.stringify(payload)} with "${answer}"`, async () => {
      assert.equal(summaryOf(await (await yard()).orders.carryOut(payload)), answer);
    });
  }

  it('counts one run as one', async () => {
    assert.equal(summaryOf(await (await yard(1)).orders.carryOut({ order: 'kill' })), '1 run is being stopped');
  });

  it('purges only what bears the name of a dead tick, and nothing outside the dlq', async () => {
    const { parts, orders } = await yard();
    const dead = formatDeadName({ dueMs: 0, cadence: 'nightly', id: 'x7k2p9qd4mzt', attempts: 1, reason: 'exhausted' });
    for (const file of [dead, 'notes.txt']) writeFileSync(`${parts.paths.dlq}/${file}`, '{}');
    assert.equal(summaryOf(await orders.carryOut({ order: 'purge', files: [dead, 'notes.txt', '../holds.json', 7] })), '1 dead tick is removed');
    assert.deepEqual(readdirSync(parts.paths.dlq), ['notes.txt']);
    assert.ok(readdirSync(parts.paths.state).includes('holds.json'));
  });

  it('A62 keeps no secret that an operator gives as a reason', async () => {
    const { parts, orders } = await yard();
    await orders.carryOut({ order: 'pause', key: 'cadence:nightly', because: 'the key hunter2 is out' });
    await orders.carryOut({ order: 'trip', key: 'account:claude', because: 'hunter2' });
    const { paused, breakers } = parts.book.holds();
    assert.equal(paused['cadence:nightly']?.because, 'the key [redacted] is out');
    assert.ok(!JSON.stringify({ paused, breakers }).includes('hunter2'));
  });

  it('an operator who resets a tripped breaker closes it, and an account is a key like a cadence', async () => {
    const { parts, orders } = await yard();
    await orders.carryOut({ order: 'trip', key: 'account:claude', because: 'billing' });
    assert.equal(parts.book.holds().breakers['account:claude']?.state, 'isolated');
    await orders.carryOut({ order: 'reset', key: 'account:claude' });
    assert.deepEqual(parts.book.holds().breakers, {});
  });
});
