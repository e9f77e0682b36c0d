import assert from 'node:assert/strict';
import { it } from 'node:test';
import type { Http } from '../../lib/ports.ts';
import { noticeYard } from '../support/notice-yard.ts';

it('the recovery of what comes once a month is told, though others failed meanwhile', async () => {
  const told: string[] = [];
  let fails = true;
  const http: Http = {
    async post({ body }) {
      const { kind, cadence } = JSON.parse(body) as { kind: string; cadence: string };
      told.push(`${cadence} ${kind}`);
      return { kind: 'answer', status: 204, retryAfterMs: undefined, text: '' };
    },
  };
  const cadence = 'run: { command: ["false"] }\nretry: { attempts: 1 }\n';
  const yard = await noticeYard({
    bus: 'notify: { on: [failure, recovery], remind: 0, webhook: { url: "https://well.example/hook" } }\n',
    cadences: { monthly: cadence, other: cadence },
    outcome: () => (fails ? { kind: 'fail', blame: 'cadence', reason: 'exit 1: no route' } : { kind: 'ok', summary: '' }),
    http,
  });
  await yard.run('monthly');
  await yard.pass(31 * 24 * 3_600_000);
  await yard.run('other');
  fails = false;
  await yard.run('monthly');
  assert.deepEqual(told, ['monthly failure', 'other failure', 'monthly recovery']);
});
