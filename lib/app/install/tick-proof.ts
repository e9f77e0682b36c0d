import { PROBE_CADENCE } from '../../core/builtin.ts';
import { CadenceError } from '../../core/error.ts';
import type { Paths } from '../../core/paths.ts';
import type { RunRecord } from '../../core/run.ts';
import type { Ms } from '../../core/time/instant.ts';
import { createClock } from '../../platform/clock.ts';
import { createFiles } from '../../platform/files.ts';
import type { Entry, Keeper } from '../../schedules/keeper.ts';
import { carryOutChanges } from '../definitions/file.ts';
import { createReading } from '../reading.ts';
import { removals, writes } from './service-files.ts';
import { type JobFacts, probeJob } from './timer-jobs.ts';

const RECEIPT_WITHIN_MS: Ms = 60_000;
const LOOK_AGAIN_MS: Ms = 100;

/**
 * One real tick through a job of the keeper's own, made like a timer: in its world, with its PATH, by its user. What counts
 * is the receipt in our own files; a keeper may say that all is well of a job that it never starts.
 */
export async function proveTick(facts: JobFacts, keeper: Keeper): Promise<RunRecord> {
  const clock = createClock();
  const { root } = facts.paths;
  const job = probeJob(facts);
  const sinceMs = clock.nowMs();
  try {
    carryOutChanges(root, writes(createFiles(), keeper, [job]));
    await keeper.reread();
    await keeper.load(job);
    await keeper.start(job);
    for (;;) {
      const [run] = createReading(root).history.runs({ cadence: PROBE_CADENCE, limit: 1, sinceMs });
      if (run !== undefined && run.ended_at !== null) return run;
      if (clock.nowMs() > sinceMs + RECEIPT_WITHIN_MS) throw noReceipt(keeper.kind, facts.paths);
      await new Promise<void>((resolve) => void clock.after(LOOK_AGAIN_MS, resolve));
    }
  } finally {
    await forget(root, keeper, job);
  }
}

async function forget(root: string, keeper: Keeper, job: Entry): Promise<void> {
  try {
    await keeper.unload(job);
  } finally {
    carryOutChanges(root, removals(createFiles(), keeper, [job]));
    await keeper.reread();
  }
}

/** Which half of the way is broken. */
function noReceipt(kind: string, paths: Paths): CadenceError {
  const files = createFiles();
  const isDropped = [paths.inbox, paths.waiting, paths.claimed].some((folder) => files.list(folder).some((name) => name.includes(PROBE_CADENCE)));
  if (isDropped)
    return new CadenceError('io', 'a timer dropped its tick, and the owner did not run it within a minute', 'See cadence-bus status and cadence-bus doctor.');
  const words = files.read(`${paths.logs}/timers/${PROBE_CADENCE}.err`);
  const told = words?.kind === 'text' && words.text !== '' ? `: ${words.text.trim().slice(-300)}` : '';
  return new CadenceError(
    'io',
    `${kind} started a timer, and no tick of it arrived within a minute${told}`,
    'See what differs in its world: cadence-bus doctor --inside',
  );
}
