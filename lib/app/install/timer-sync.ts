import { CadenceError } from '../../core/error.ts';
import { pathsOf } from '../../core/paths.ts';
import type { TimerView } from '../../core/slot/timer.ts';
import { createFiles } from '../../platform/files.ts';
import type { Entry, Keeper } from '../../schedules/keeper.ts';
import { timerLabel } from '../../schedules/label.ts';
import { readDefined } from '../definitions/defined.ts';
import { carryOutChanges, changeDefinitions, type PlannedChange } from '../definitions/file.ts';
import { readInstalled } from './record.ts';
import { backwards, removals, writes } from './service-files.ts';
import { jobFacts, timerJob } from './timer-jobs.ts';
import { createKeeper, isOnDisk, viewTimers } from './timers.ts';

/**
 * The timer of a cadence becomes what its definition says now: written anew, taken away, or left alone. undefined: it has
 * none, or nothing is installed. Throws what the keeper says where it takes it not; then its files are as they were.
 */
export async function syncTimer(root: string, name: string): Promise<TimerView | undefined> {
  const files = createFiles();
  const installed = readInstalled(files, pathsOf(root));
  if (installed === undefined) return undefined;
  const keeper = createKeeper(installed.scheduler);
  const { definitions, settings } = readDefined(root);
  const definition = definitions.find((one) => one.name === name);
  const job = definition === undefined ? undefined : timerJob(jobFacts(root, installed, settings), definition);
  if (job === undefined) {
    const entry: Entry = { label: timerLabel(installed.stem, name), role: 'timer' };
    if (isOnDisk(files, keeper, entry)) await takeAway(root, keeper, entry);
    return undefined;
  }
  const changes = writes(files, keeper, [job]);
  const [before] = await viewTimers(files, keeper, [job]);
  if (changes.length === 0 && before?.state !== 'not_loaded' && before?.state !== 'disabled' && before?.state !== 'failed') return before;
  try {
    carryOutChanges(root, changes);
    await keeper.reread();
    await keeper.load(job);
    const [view] = await viewTimers(files, keeper, [job]);
    if (view?.state === 'idle' || view?.state === 'running') return view;
    throw new CadenceError('io', `${keeper.kind} did not take the timer of ${name}: ${view?.because || view?.state}`, 'See cadence-bus doctor.');
  } catch (error) {
    await takeBack(root, keeper, job, changes);
    throw error;
  }
}

async function takeAway(root: string, keeper: Keeper, entry: Entry): Promise<void> {
  await keeper.unload(entry);
  carryOutChanges(root, removals(createFiles(), keeper, [entry]));
  await keeper.reread();
}

async function takeBack(root: string, keeper: Keeper, entry: Entry, changes: readonly PlannedChange[]): Promise<void> {
  await keeper.unload(entry);
  carryOutChanges(root, changes.map(backwards));
  await keeper.reread();
  if (changes.some(({ before }) => before !== undefined)) await keeper.load(entry);
}

/** Changes of a definition, and of its timer with it: where the timer is not taken, neither is the change. */
export async function syncOrUndo(root: string, name: string, changes: readonly PlannedChange[]): Promise<TimerView | undefined> {
  try {
    return await syncTimer(root, name);
  } catch (error) {
    if (!(error instanceof CadenceError)) throw error;
    await changeDefinitions(root, false, () => changes.map(backwards));
    throw new CadenceError(error.code, `${error.message}; ${name} is as it was`, error.hint);
  }
}
