import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { it } from 'node:test';
import { listIncidents } from '../../lib/app/answers/incident-reading.ts';
import { formatTickName } from '../../lib/core/tick.ts';
import { toIso } from '../../lib/core/time/instant.ts';
import type { Http } from '../../lib/ports.ts';
import { incidentsOf, noticeYard } from '../support/notice-yard.ts';

const HOUR = 3_600_000;

async function ignoredYard() {
  const told: string[] = [];
  const http: Http = {
    async post({ body }) {
      told.push((JSON.parse(body) as { kind: string }).kind);
      return { kind: 'answer', status: 204, retryAfterMs: undefined, text: '' };
    },
  };
  const yard = await noticeYard({
    bus: 'notify: { on: [failure, recovery], webhook: { url: "https://well.example/hook" } }\n',
    cadences: { books: 'run: { command: ["false"] }\nretry: { attempts: 1 }\n' },
    outcome: () => ({ kind: 'fail', blame: 'cadence', reason: 'exit 1: no route' }),
    http,
  });
  let n = 0;
  const state = (): unknown => incidentsOf(yard.root)[0]?.state;
  async function ignore(ms: number): Promise<void> {
    n += 1;
    const dueMs = yard.clock.nowMs() - 1;
    const payload = { order: 'incident', what: 'ignore', id: incidentsOf(yard.root)[0]?.id, until: toIso(yard.clock.nowMs() + ms) };
    const tick = { cadence: 'bus-control', source: 'test', enqueued_at: toIso(dueMs), payload };
    const name = formatTickName({ dueMs, cadence: 'bus-control', id: `order${String(n).padStart(7, '0')}`, attempts: 0 });
    writeFileSync(`${yard.root}/state/cadence-bus/inbox/${name}`, `${JSON.stringify(tick)}\n`);
    yard.owner.parts.queue.expect();
    await yard.rest();
  }
  await yard.run('books');
  return { yard, told, state, ignore };
}

it('what is ignored is heard again when that is over, though it never comes again, and also by an owner that comes later', async () => {
  const { yard, told, state, ignore } = await ignoredYard();
  await ignore(12 * HOUR);
  await yard.pass(11 * HOUR);
  await ignore(12 * HOUR);
  await yard.pass(2 * HOUR);
  assert.deepEqual([state(), told], ['ignored', ['failure']]);
  await yard.pass(9 * HOUR);
  assert.deepEqual([state(), told], ['ignored', ['failure']]);
  yard.clock.advance(2 * HOUR);
  await yard.restart();
  assert.deepEqual([state(), told], ['open', ['failure', 'reminder']]);
  assert.equal(yard.events.filter(({ stage, change }) => stage === 'incident' && change === 'heard_again').length, 1);
  await ignore(HOUR);
  assert.equal(state(), 'ignored');
});

it('what stays open is called to mind also where the clock was set back by a month since it was told', async () => {
  const { yard, told } = await ignoredYard();
  await yard.pass(6 * HOUR);
  assert.deepEqual(told, ['failure', 'reminder']);
  yard.clock.set(yard.clock.nowMs() - 30 * 24 * HOUR);
  await yard.rest();
  await yard.pass(6 * HOUR);
  assert.deepEqual(told, ['failure', 'reminder', 'reminder', 'reminder']);
});

it('who reads that something is ignored, without an owner, is not told so when that is over', async (t) => {
  const { yard, ignore } = await ignoredYard();
  await ignore(HOUR);
  const stateAt = (ms: number): unknown => {
    t.mock.timers.setTime(ms);
    return listIncidents(yard.root, { state: undefined, cadence: undefined, sinceMs: undefined }).shown[0]?.state;
  };
  t.mock.timers.enable({ apis: ['Date'] });
  assert.deepEqual([stateAt(yard.clock.nowMs() + HOUR / 2), stateAt(yard.clock.nowMs() + HOUR)], ['ignored', 'open']);
});
