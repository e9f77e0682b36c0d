import assert from 'node:assert/strict';
import { it } from 'node:test';
import type { Outcome } from '../../lib/core/outcome.ts';
import type { Http } from '../../lib/ports.ts';
import { noticeYard } from '../support/notice-yard.ts';

const BUS = 'notify: { on: [failure, recovery], remind: 0, webhook: { url: "https://well.example/hook" } }\n';

async function toldOf(definition: string, outcome: Outcome): Promise<{ readonly told: readonly string[]; readonly wait: (ms: number) => Promise<void> }> {
  const told: string[] = [];
  const http: Http = {
    async post({ body }) {
      told.push((JSON.parse(body) as { text: string }).text.replace(/\([a-z0-9]{12}-\d\)/, '(RUN)'));
      return { kind: 'answer', status: 204, retryAfterMs: undefined, text: '' };
    },
  };
  const yard = await noticeYard({ bus: BUS, cadences: { serve: definition }, outcome: () => outcome, http, startMs: Date.UTC(2026, 10, 20, 7) });
  await yard.run('serve');
  return { told, wait: yard.pass };
}

it('a tick that its breaker keeps from being tried again is told of then, and not hours later when it is given up', async () => {
  const { told, wait } = await toldOf('run: { command: ["false"] }\nretry: { attempts: 9, delays: [1s], jitter: 0 }\n', {
    kind: 'fail',
    blame: 'cadence',
    reason: 'exit 1: no route',
  });
  assert.deepEqual(told, [], 'it is tried again in a second');
  await wait(1_000);
  await wait(1_000);
  assert.deepEqual(told, ['serve failed: exit 1: no route (RUN) - nothing of it runs until 2026-11-20T07:30:02Z']);
  await wait(40 * 60_000);
  assert.equal(told.length, 1, 'its probe failed, which is the same failure');
});

it('a dead key is told as what it is: the account waits, for how long, and what a person can do', async () => {
  const { told } = await toldOf('run: { command: [llm] }\naccount: llm\n', {
    kind: 'fail',
    blame: 'account',
    class: 'auth',
    reason: 'authentication failed',
  });
  assert.equal(told.length, 1);
  assert.match(
    told[0] ?? '',
    /^serve failed: authentication failed \(RUN\) - all of account llm waits until 2026-11-20T11:00:00Z\. Log in again with the program that uses the account llm /,
  );
});
