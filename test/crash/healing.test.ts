import assert from 'node:assert/strict';
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import { takeAudit } from '../../lib/app/answers/audit.ts';
import { createReading } from '../../lib/app/reading.ts';
import { readAttempts } from '../../lib/core/heal/attempt.ts';
import type { Incident } from '../../lib/core/incident/incident.ts';
import type { RunEnd } from '../../lib/core/run-end.ts';
import { formatTickName } from '../../lib/core/tick.ts';
import { createFiles } from '../../lib/platform/files.ts';
import type { Job } from '../../lib/ports.ts';
import { testClock } from '../support/bus.ts';
import { cutFiles } from '../support/cut-files.ts';
import { runToRest, storyOwner } from '../support/story.ts';
import { tempRoot } from '../support/temp-root.ts';

/**
 * The owner is killed after every changing call while a rule is tried, found wanting and undone, an agent is asked, its
 * answer is applied and the next run proves it: nothing of it is lost, and nobody is asked twice for one failure.
 */
const START_MS = Date.UTC(2026, 10, 20, 7);
const CADENCE = `run: { command: [train], env: { BATCH: 8 } }
retry: { attempts: 4, delays: [1m], jitter: 0 }
breaker: { failures: 50 }
on_failure:
  - { when: { message: memory }, restart_with_env: { BATCH: half } }
  - { agent: }
`;
const TICK = 'train0000001';

interface World {
  isMended: boolean;
  readonly batches: string[];
  readonly asked: string[];
}

function owner(root: string, files: ReturnType<typeof createFiles>, clock: ReturnType<typeof testClock>, world: World): ReturnType<typeof storyOwner> {
  const ended = (end: Partial<RunEnd> & Pick<RunEnd, 'outcome'>): RunEnd => ({ ending: undefined, stdoutPath: null, stderrPath: null, ...end });
  const run = async (job: Job): Promise<RunEnd> => {
    if (job.cadence.name === 'bus-heal-train') {
      world.asked.push(job.tickId);
      world.isMended = true;
      return ended({ outcome: { kind: 'ok', summary: '' }, result: { kind: 'kept', value: { kind: 'restart', diagnosis: 'a leak' } } });
    }
    world.batches.push(job.cadence.run.kind === 'command' ? (job.cadence.run.env.values.BATCH ?? '') : '');
    return ended({ outcome: world.isMended ? { kind: 'ok', summary: '' } : { kind: 'fail', blame: 'cadence', reason: 'exit 3: out of memory' } });
  };
  return storyOwner(root, files, clock, { run, adopt: run, ran: new Map<string, number>() } as Parameters<typeof storyOwner>[3]);
}

async function heal(root: string, dieAfter: number): Promise<{ readonly world: World; readonly calls: readonly string[]; readonly deaths: number }> {
  mkdirSync(`${root}/cadences`, { recursive: true });
  mkdirSync(`${root}/state/cadence-bus/inbox`, { recursive: true });
  writeFileSync(`${root}/cadences/train.yaml`, CADENCE);
  const tick = { cadence: 'train', source: 'story', enqueued_at: new Date(START_MS).toISOString() };
  writeFileSync(`${root}/state/cadence-bus/inbox/${formatTickName({ dueMs: START_MS, cadence: 'train', id: TICK, attempts: 0 })}`, JSON.stringify(tick));
  const clock = testClock(START_MS);
  const world: World = { isMended: false, batches: [], asked: [] };
  const files = cutFiles(createFiles(), dieAfter);
  if ((await runToRest(owner(root, files, clock, world), clock, files.died)) !== 'died') return { world, calls: files.calls, deaths: 0 };
  await runToRest(owner(root, createFiles(), clock, world), clock);
  return { world, calls: files.calls, deaths: 1 };
}

function check(root: string, { world, deaths }: Awaited<ReturnType<typeof heal>>, where: string): void {
  const { paths, history } = createReading(root);
  const audit = takeAudit(root);
  assert.deepEqual({ where, missing: audit.missing, waiting: audit.waiting, running: audit.running }, { where, missing: [], waiting: 0, running: 0 });
  assert.equal(history.find(TICK)?.status, 'succeeded', where);
  const [id, ...others] = readdirSync(paths.incidents).filter((name) => !name.includes('.'));
  assert.deepEqual(others, [], where);
  const incident = JSON.parse(readFileSync(`${paths.incidents}/${id}/incident.json`, 'utf8')) as Incident;
  assert.deepEqual([incident.state, incident.resolved_by], ['resolved', 'proof'], where);
  const { attempts, broken } = readAttempts(readFileSync(paths.attempts, 'utf8'));
  assert.deepEqual(
    { where, broken, attempts: attempts.map(({ source, status }) => `${source} ${status}`) },
    { where, broken: [], attempts: ['rule:restart_with_env regressed', 'agent kept'] },
  );
  assert.deepEqual({ where, asked: new Set(world.asked).size }, { where, asked: 1 }, 'one failure, one agent');
  assert.ok(world.asked.length <= 1 + deaths, where);
  const book = JSON.parse(readFileSync(paths.healing, 'utf8')) as { overlays: object; prints: Record<string, { fix?: object }> };
  assert.deepEqual({ where, overlays: book.overlays, fixes: Object.values(book.prints).map(({ fix }) => fix) }, { where, overlays: {}, fixes: [undefined] });
  assert.ok(world.batches.includes('4') && world.batches.at(-1) === '8', `${where}: the rule’s change is undone: ${world.batches}`);
}

describe('a crash while a failure is mended', () => {
  it('A24 A31 loses no fix, undoes no fix that holds, and asks no agent twice', { timeout: 120_000 }, async () => {
    const whole = tempRoot();
    const uncut = await heal(whole, 0);
    check(whole, uncut, 'uncut');
    for (let n = 1; n <= uncut.calls.length; n += 1) {
      const root = tempRoot();
      const healed = await heal(root, n);
      check(root, healed, `cut after call ${n}, ${healed.calls.at(-1)}`);
      rmSync(root, { recursive: true, force: true });
    }
  });
});
