import assert from 'node:assert/strict';
import { it } from 'node:test';
import { eventually } from '../support/eventually.ts';
import { createYard, finalRecord } from './owner-yard.ts';

it('M26 A45 status tells what the owner has done since it started, and what waits because it may not run', async () => {
  const yard = createYard();
  yard.inline('well', 'return "hello";');
  yard.shell('ill', 'exit 3', 'retry: { attempts: 2, delays: [0s] }', 'breaker: { failures: 2, open: 4h }');
  assert.equal((await yard.json('status')).stats, null, 'without an owner nobody says');
  const owner = await yard.start();
  await finalRecord(yard, await yard.enqueue('well'));
  await finalRecord(yard, await yard.enqueue('ill'));
  await yard.enqueue('ill');
  const stats = await eventually('the breaker holds one', async () => {
    const told = (await yard.json('status')).stats as Readonly<Record<string, unknown>> | null;
    return told?.skipped_circuit_open === 1 ? told : undefined;
  });
  const { started_at, last_decision, ...counts } = stats;
  assert.deepEqual(counts, {
    inline: 1,
    escalated: 2,
    succeeded: 1,
    failed: 2,
    retries: 1,
    deferred: 0,
    dlq: 1,
    spawn_failures: 0,
    skipped_circuit_open: 1,
    skipped_backoff: 0,
    skipped_emergency_stop: 0,
  });
  assert.ok(typeof started_at === 'string');
  const { stage, cadence } = last_decision as Readonly<Record<string, unknown>>;
  assert.deepEqual([stage, cadence], ['dead_lettered', 'ill']);
  owner.kill('SIGTERM');
});
