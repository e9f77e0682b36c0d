import assert from 'node:assert/strict';
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import { takeAudit } from '../../lib/app/answers/audit.ts';
import { createReading } from '../../lib/app/reading.ts';
import { CadenceError } from '../../lib/core/error.ts';
import { formatTickName } from '../../lib/core/tick.ts';
import { createFiles } from '../../lib/platform/files.ts';
import type { Http, Runner } from '../../lib/ports.ts';
import { testClock } from '../support/bus.ts';
import { cutFiles } from '../support/cut-files.ts';
import { runToRest, storyOwner } from '../support/story.ts';
import { tempRoot } from '../support/temp-root.ts';

/**
 * The owner is killed after every changing call between a run's end and the last word of what follows from it: no hook
 * and no notice is lost, and none is done twice but the one of each that was under way, which its key tells.
 */
const START_MS = Date.UTC(2026, 10, 20, 7);
const CADENCE = `run: { command: [bad] }
retry: { attempts: 2, delays: [1s] }
on_failure: [echo a]
on_complete: echo c
notify:
  after: 1
  message: '{task} {status}'
  webhook: { url: "https://one.example/hook" }
`;
const [FAILS, RECOVERS, AGAIN, OLD] = ['fails0000001', 'recovers0001', 'again0000001', 'expired00001'];

function write(root: string): void {
  mkdirSync(`${root}/cadences`, { recursive: true });
  mkdirSync(`${root}/state/cadence-bus/inbox`, { recursive: true });
  writeFileSync(`${root}/cadences/task.yaml`, CADENCE);
  const drop = (id: string, dueMs: number, more: object = {}): void => {
    const tick = { cadence: 'task', source: 'story', enqueued_at: new Date(dueMs).toISOString(), payload: id, ...more };
    writeFileSync(`${root}/state/cadence-bus/inbox/${formatTickName({ dueMs, cadence: 'task', id, attempts: 0 })}`, `${JSON.stringify(tick)}\n`);
  };
  drop(FAILS, START_MS - 3_000);
  drop(RECOVERS, START_MS + 120_000);
  drop(AGAIN, START_MS + 7_200_000);
  drop(OLD, START_MS - 4_000, { expires_at: new Date(START_MS - 2_000).toISOString() });
}

interface World {
  readonly ran: string[];
  readonly told: { readonly run_id: string; readonly kind: string; readonly text: string }[];
}

function owner(root: string, files: ReturnType<typeof createFiles>, clock: ReturnType<typeof testClock>, world: World): ReturnType<typeof storyOwner> {
  const run: Runner['run'] = async (job) => {
    world.ran.push(
      job.cadence.name === 'task'
        ? job.tickId
        : `hook ${(job.tick.payload as { run_id: string }).run_id} ${job.cadence.run.kind === 'command' ? job.cadence.run.argv.at(-1) : ''}`,
    );
    const isBad = job.tickId === FAILS;
    return {
      outcome: isBad ? { kind: 'give_up', blame: 'cadence', reason: 'exit 1' } : { kind: 'ok', summary: '' },
      ending: undefined,
      stdoutPath: null,
      stderrPath: null,
    };
  };
  const http: Http = {
    async post({ body }) {
      const { run_id, kind, text } = JSON.parse(body) as { run_id: string; kind: string; text: string };
      world.told.push({ run_id, kind, text });
      return { kind: 'answer', status: 204, retryAfterMs: undefined, text: '' };
    },
  };
  const runner = { run, adopt: run, ran: new Map<string, number>() };
  return storyOwner(root, files, clock, runner, http);
}

async function tell(root: string, dieAfter: number, nextDiesAfter = 0): Promise<{ world: World; calls: readonly string[]; deaths: number }> {
  write(root);
  const clock = testClock(START_MS);
  const world: World = { ran: [], told: [] };
  const first = cutFiles(createFiles(), dieAfter);
  let deaths = 0;
  if ((await runToRest(owner(root, first, clock, world), clock, first.died)) === 'died') {
    deaths += 1;
    const next = cutFiles(createFiles(), nextDiesAfter);
    if ((await runToRest(owner(root, next, clock, world), clock, next.died)) === 'died') {
      deaths += 1;
      await runToRest(owner(root, createFiles(), clock, world), clock);
    }
  }
  return { world, calls: first.calls, deaths };
}

const HOOKS = [`hook ${FAILS} echo a`, `hook ${FAILS} echo c`, `hook ${RECOVERS} echo c`, `hook ${AGAIN} echo c`, `hook ${OLD} echo a`, `hook ${OLD} echo c`];
const NOTICES = [`${FAILS} failure task failed`, `${OLD} failure task expired`, `${RECOVERS} recovery task recovered`];

function check(root: string, { world, deaths }: Awaited<ReturnType<typeof tell>>, where: string): void {
  const audit = takeAudit(root);
  assert.deepEqual(
    { where, missing: audit.missing, doubled: audit.doubled, waiting: audit.waiting, running: audit.running },
    { where, missing: [], doubled: [], waiting: 0, running: 0 },
  );
  // A try that its owner did not live to end is spent: the next one has another number.
  const settled = (words: string): string => words.replace(/([a-z0-9]{12})-\d/, '$1');
  const hooks = world.ran.filter((one) => one.startsWith('hook')).map(settled);
  assert.deepEqual({ where, hooks: [...new Set(hooks)].sort() }, { where, hooks: [...HOOKS].sort() });
  const told = world.told.map(({ run_id, kind, text }) => settled(`${run_id} ${kind} ${text}`));
  assert.deepEqual({ where, told: [...new Set(told)].sort() }, { where, told: [...NOTICES].sort() });
  // Hooks are one cadence, notices another: of each, one may have been under way.
  assert.ok(hooks.length - HOOKS.length <= deaths, `${where}: hooks were done again: ${hooks}`);
  assert.ok(told.length - NOTICES.length <= deaths, `${where}: notices were told again: ${told}`);
  const { paths } = createReading(root);
  assert.deepEqual(readdirSync(paths.outbox), ['delivered'], where);
  const lines = readdirSync(`${paths.outbox}/delivered`).flatMap((file) => readFileSync(`${paths.outbox}/delivered/${file}`, 'utf8').trim().split('\n'));
  assert.equal(new Set(lines.map((line) => JSON.parse(line).key)).size, NOTICES.length, where);
}

describe('a crash between the end of a run and its hooks and notices', () => {
  it('D6 D7 D9 P9 loses none and doubles none but what was under way', { timeout: 300_000 }, async () => {
    const whole = tempRoot();
    const uncut = await tell(whole, 0);
    check(whole, uncut, 'uncut');
    for (let n = 1; n <= uncut.calls.length; n += 1) {
      const root = tempRoot();
      const told = await tell(root, n);
      check(root, told, `cut after call ${n}, ${told.calls.at(-1)}`);
      rmSync(root, { recursive: true, force: true });
    }
  });

  it('nor does a second death early in the next life', { timeout: 300_000 }, async () => {
    for (const first of [9, 14, 21]) {
      for (let second = 1; second <= 8; second += 1) {
        const root = tempRoot();
        check(root, await tell(root, first, second), `cut after call ${first}, and again after call ${second} of the next owner`);
        rmSync(root, { recursive: true, force: true });
      }
    }
  });
});

it('A61 a disk that takes no notice of a start keeps no run from its end', async () => {
  const root = tempRoot();
  write(root);
  writeFileSync(`${root}/cadences/task.yaml`, CADENCE.replace('notify:', 'notify:\n  on: [start]'));
  const files = createFiles();
  const writeElsewhere: typeof files.write = (path, text) => {
    if (path.includes('/outbox/')) throw new CadenceError('io', 'no space left', '');
    files.write(path, text);
  };
  const clock = testClock(START_MS);
  await runToRest(owner(root, { ...files, write: writeElsewhere }, clock, { ran: [], told: [] }), clock);
  const { history, paths } = createReading(root);
  assert.deepEqual([history.find(RECOVERS)?.status, history.find(FAILS)?.status], ['succeeded', 'dead']);
  assert.match(readFileSync(`${paths.journal}/2026-11-20.jsonl`, 'utf8'), /"stage":"notice_failed".*no space left/);
});
