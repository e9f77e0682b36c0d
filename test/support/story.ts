import { mkdirSync, writeFileSync } from 'node:fs';
import { composeOwner, type OwnerParts } from '../../lib/app/compose.ts';
import { CadenceError } from '../../lib/core/error.ts';
import type { Outcome } from '../../lib/core/outcome.ts';
import { formatTickName } from '../../lib/core/tick.ts';
import { createUptime } from '../../lib/platform/uptime.ts';
import type { Files, Http, Job, Runner } from '../../lib/ports.ts';
import type { TestClock } from './bus.ts';

/** A root with one cadence for each way a tick can go, and ticks for them: a whole story. */
const CADENCES: Readonly<Record<string, string>> = {
  good: 'run: { command: [good] }',
  flaky: 'run: { command: [flaky] }\nretry: { attempts: 3, delays: [1s] }',
  broken: 'run: { command: [broken] }\nretry: { attempts: 2, delays: [1s] }\nbreaker: { failures: 3, open: 1m, max_open: 2m }',
  later: 'run: { command: [later] }',
  hopeless: 'run: { command: [hopeless] }',
  old: 'run: { command: [old] }\nexpires: 1h',
  folded: 'run: { command: [folded] }\noverlap: coalesce',
  paid: 'run: { command: [paid] }\noverlap: queue\nbudget: { run_usd: 1, day_usd: 5 }',
  quick: 'run: { inline: cadences/handler.mjs }\noverlap: queue',
  frail: 'run: { inline: cadences/handler.mjs }\nretry: { attempts: 3, delays: [1s] }',
  doomed: 'run: { inline: cadences/handler.mjs }\noverlap: queue',
  tardy: 'run: { inline: cadences/handler.mjs }',
};

export const IDS = {
  good: 'good00000001',
  flaky: 'flaky0000001',
  broken: ['broken000001', 'broken000002', 'broken000003'],
  later: 'later0000001',
  hopeless: 'hopeless0001',
  old: 'old000000001',
  folded: ['folded000001', 'folded000002', 'folded000003'],
  paid: ['paid00000001', 'paid00000002'],
  unknown: 'unknown00001',
  order: 'order0000001',
  /** Lines of batches. */
  quick: ['quick0000001', 'quick0000002', 'quick0000003', 'quick0000004'],
  frail: 'frail0000001',
  doomed: 'doomed000001',
  tardy: 'later0000002',
  paused: 'paused000001',
} as const;

export const ALL_IDS: readonly string[] = Object.values(IDS).flat();

/** What each of its paid runs costs. */
export const STORY_COST_USD = 0.3;

/** Writes the story's cadences and ticks. */
export function writeStory(root: string, nowMs: number): void {
  mkdirSync(`${root}/cadences`, { recursive: true });
  for (const [name, text] of Object.entries(CADENCES)) writeFileSync(`${root}/cadences/${name}.yaml`, `${text}\n`);
  writeFileSync(`${root}/cadences/handler.mjs`, 'export default () => undefined;\n');
  const inbox = `${root}/state/cadence-bus/inbox`;
  mkdirSync(inbox, { recursive: true });
  const drop = (cadence: string, id: string, more: object = {}, dueMs = nowMs - 1000): void => {
    const tick = { cadence, source: 'story', enqueued_at: new Date(dueMs).toISOString(), ...more };
    writeFileSync(`${inbox}/${formatTickName({ dueMs, cadence, id, attempts: 0 })}`, `${JSON.stringify(tick)}\n`);
  };
  drop('good', IDS.good, { payload: { n: 1 } });
  drop('flaky', IDS.flaky);
  for (const id of IDS.broken) drop('broken', id, { payload: id });
  drop('later', IDS.later);
  drop('hopeless', IDS.hopeless);
  drop('old', IDS.old, {}, nowMs - 7_200_000);
  for (const id of IDS.folded) drop('folded', id);
  for (const id of IDS.paid) drop('paid', id, { payload: id });
  drop('nobody-knows-it', IDS.unknown);
  drop('bus-control', IDS.order, { payload: { order: 'pause', key: 'cadence:good', because: 'story' } });
  writeFileSync(`${inbox}/foreign.json`, '{"cadence":"good","source":"hand"}\n');
  writeFileSync(`${inbox}/keyed-a.json`, '{"cadence":"good","source":"hand","key":"k"}\n');
  writeFileSync(`${inbox}/keyed-b.json`, '{"cadence":"good","source":"hand","key":"k"}\n');
  writeFileSync(`${inbox}/garbage.json`, 'not a tick\n');
  writeFileSync(`${inbox}/batch.ndjson`, '{"cadence":"good","source":"batch"}\n{"cadence":"flaky","source":"batch"}\nbad line\n');
  writeFileSync(`${inbox}/batch-in-place.ndjson`, batchInPlace(nowMs));
}

/** What ends well at once, what does not, what is held, what is no tick, and what is asked for twice. */
function batchInPlace(nowMs: number): string {
  const line = (cadence: string, more: object): string => JSON.stringify({ cadence, due_at: new Date(nowMs - 1000).toISOString(), ...more });
  return `${[
    line('quick', { id: IDS.quick[0] }),
    line('doomed', { id: IDS.doomed }),
    'bad line',
    line('frail', { id: IDS.frail }),
    line('quick', { id: IDS.quick[1] }),
    line('tardy', { id: IDS.tardy }),
    line('quick', { key: 'k' }),
    line('good', { id: IDS.paused }),
    line('quick', { id: IDS.quick[2] }),
    line('quick', { key: 'k' }),
    line('quick', { id: IDS.quick[3] }),
    line('quick', {}),
  ].join('\n')}\n`;
}

export interface StoryRunner extends Runner {
  /** How often each attempt was run: `id-attempt` → times. */
  readonly ran: Map<string, number>;
}

/** Where nobody looks how long a paid run lasts. */
const AT_ONCE = (): boolean => true;

/** So many turns of the loop wait for no disk any more: an owner that shows nothing by then never will. */
const MOST_TURNS = 50_000;

/**
 * Runs nothing, answers by the cadence's name. What it was asked to run is kept across owners. A paid run goes on until
 * `mayEnd`, so that what is set aside for it can be seen however long a disk takes.
 */
export function storyRunner(ran: Map<string, number> = new Map(), mayEnd: (runId: string) => boolean = AT_ONCE): StoryRunner {
  const outcomeOf = ({ cadence, attempt, runId }: Job): Outcome => {
    const fail: Outcome = { kind: 'fail', blame: 'cadence', reason: `exit 1: ${cadence.name}` };
    switch (cadence.name) {
      case 'flaky':
      case 'frail':
        return attempt < 2 ? fail : { kind: 'ok', summary: 'at last' };
      case 'broken':
        return fail;
      case 'hopeless':
      case 'doomed':
        return { kind: 'give_up', blame: 'cadence', reason: 'exit 78' };
      case 'later':
      case 'tardy':
        return (ran.get(runId) ?? 0) < 2 ? { kind: 'defer', delayMs: 5_000, reason: 'exit 75' } : { kind: 'ok', summary: 'now' };
      default:
        return { kind: 'ok', summary: 'done' };
    }
  };
  const run: Runner['run'] = async (job) => {
    ran.set(job.runId, (ran.get(job.runId) ?? 0) + 1);
    const isPaid = job.cadence.name === 'paid';
    for (let turn = 0; isPaid && turn < MOST_TURNS && !mayEnd(job.runId); turn += 1) await new Promise((resolve) => setImmediate(resolve));
    const money = isPaid ? { costUsd: STORY_COST_USD } : {};
    return { outcome: outcomeOf(job), ending: undefined, ...money, stdoutPath: null, stderrPath: null };
  };
  return { run, adopt: async (job, stop) => ({ ...(await run(job, stop)), outcome: { kind: 'interrupted', by: 'owner-died', reason: 'no child' } }), ran };
}

/** An owner without a process of its own. */
export function storyOwner(
  root: string,
  files: Files,
  clock: TestClock,
  runner: Runner,
  http?: Http,
  // Nobody sets its clock: time has passed where that says so.
  sinceBootMs: () => number = clock.nowMs,
): { readonly parts: OwnerParts; readonly fault: Promise<unknown>; takeWoken(): boolean } {
  let isWoken = false;
  let report: (error: unknown) => void = () => undefined;
  const fault = new Promise<unknown>((resolve) => {
    report = resolve;
  });
  const ownership = { isHeld: () => true, serve: () => undefined, close: () => undefined };
  const parts = composeOwner({
    root,
    ownership,
    serves: () => true,
    wake: () => {
      isWoken = true;
    },
    onFault: report,
    files,
    clock,
    runners: { inline: runner, command: runner, claude: runner, agent: runner },
    uptime: { ...createUptime(), sinceBootMs },
    ...(http === undefined ? {} : { http }),
  });
  const takeWoken = (): boolean => {
    const was = isWoken;
    isWoken = false;
    return was;
  };
  return { parts, fault, takeWoken };
}

const FAR_MS = 30 * 86_400_000;

/** Runs the owner until nothing is left to do, moving the clock to each next instant; or until `died`. Rejects with its fault. */
export async function runToRest(
  { parts, fault, takeWoken }: ReturnType<typeof storyOwner>,
  clock: TestClock,
  died?: Promise<void>,
): Promise<'rested' | 'died'> {
  const dead = fault.then((error) => Promise.reject(error));
  const live = async (): Promise<'rested'> => {
    await parts.recover();
    for (let turn = 0; turn < 5_000; turn += 1) {
      const nextMs = await parts.consumer.poll();
      await parts.conclusion.idle();
      await clock.breathe();
      // What delivers notices writes to the real disk, and takes its time.
      await parts.jobs.ended(['inline', 'command', 'claude']);
      if (parts.jobs.running().length > 0 || parts.conclusion.backlog() > 0) continue;
      takeWoken();
      const again = await parts.consumer.poll();
      await parts.conclusion.idle();
      await clock.breathe();
      // Time stands still while something is at work.
      if (takeWoken() || parts.jobs.running().length > 0) continue;
      const wakeMs = again ?? nextMs;
      if (wakeMs === undefined || wakeMs > clock.nowMs() + FAR_MS) break;
      clock.set(Math.max(wakeMs, clock.nowMs() + 1));
    }
    parts.book.save();
    await parts.journal.flush();
    parts.runLog.close();
    parts.journal.close();
    return 'rested';
  };
  const isDead = died?.then(() => 'died' as const);
  return Promise.race([live(), dead, ...(isDead === undefined ? [] : [isDead])]).catch(async (error) => {
    // What is left of a dead owner stumbles over the disk before the news of its death is heard.
    if (isDead !== undefined && error instanceof CadenceError && error.message === 'killed') return isDead;
    throw error;
  });
}
