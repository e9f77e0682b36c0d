import { CadenceError } from '../../core/error.ts';
import { pathsOf } from '../../core/paths.ts';
import type { RunRecord } from '../../core/run.ts';
import type { TimerState, TimerView } from '../../core/slot/timer.ts';
import { type Ms, toIso } from '../../core/time/instant.ts';
import { VERSION } from '../../core/version.ts';
import { createClock } from '../../platform/clock.ts';
import { probeOwner } from '../../platform/control.ts';
import { createFiles } from '../../platform/files.ts';
import { tryLock } from '../../platform/short-lock.ts';
import type { Files } from '../../ports.ts';
import type { Entry, Keeper } from '../../schedules/keeper.ts';
import { carryOutChanges, changeDefinitions, type PlannedChange } from '../definitions/file.ts';
import { makeFolders } from '../storage.ts';
import type { InstallPlan } from './plan.ts';
import { readInstalled, rootStem } from './record.ts';
import { planScheduler } from './scheduler-setting.ts';
import { backwards, sweepHalfWritten } from './service-files.ts';
import { proveTick } from './tick-proof.ts';
import { viewTimers } from './timers.ts';

export interface InstallReport {
  readonly timers: readonly TimerView[];
  /** The run of the tick that came through a timer. */
  readonly proof: RunRecord;
}

/** An owner that starts under a loaded machine has this long to answer. */
const OWNER_WITHIN_MS: Ms = 60_000;
const LOOK_AGAIN_MS: Ms = 100;

/**
 * Writes the files, hands them to the keeper, looks whether it has taken them, and sends one tick through a job of the same
 * make. Whatever is refused on the way takes all of it back, so that nothing half done is left to be trusted.
 */
export async function carryOutInstall(plan: InstallPlan): Promise<InstallReport> {
  await refuseOtherOwner(plan);
  makeLogFolders(createFiles(), plan.root);
  return alone(plan.root, () => installAll(plan));
}

async function installAll(plan: InstallPlan): Promise<InstallReport> {
  const { root, keeper, jobs, stale } = plan;
  const files = createFiles();
  sweepHalfWritten(files, keeper, plan.installed.stem);
  const before = await keeper.look(jobs);
  const isOld = (await probeOwner(root)).info?.version !== VERSION;
  const setting = await changeDefinitions(root, false, () => planScheduler(root, keeper.kind));
  const wasOn = jobs.filter((job, index) => isOn(job, before[index]?.state) && !(job.role === 'owner' && isOld));
  try {
    for (const entry of stale) await keeper.unload(entry);
    carryOutChanges(root, plan.changes);
    await keeper.reread();
    for (const job of jobs.filter((job) => isToLoad(plan, job, wasOn))) await keeper.load(job);
    await awaitOwner(root);
    const timers = await viewTimers(files, keeper, jobs);
    refuseRejected(keeper.kind, timers);
    const proof = await proveTick(plan.facts, keeper);
    const record = { ...plan.installed, proven_at: toIso(createClock().nowMs()) };
    files.write(pathsOf(root).installed, `${JSON.stringify(record, null, 2)}\n`);
    return { timers, proof };
  } catch (error) {
    await undo(plan, setting, wasOn).catch((second: unknown) => addWords(error, second));
    throw error;
  }
}

/** An owner that does not run is as good as none; all others only wait for their time. */
function isOn({ role }: Entry, state: TimerState | undefined): boolean {
  return state === 'running' || (state === 'idle' && role !== 'owner');
}

/** Throws `held` where another install or uninstall of this root is under way: each would take back what the other does. */
async function alone<T>(root: string, work: () => Promise<T>): Promise<T> {
  const lock = await tryLock(pathsOf(root).installed);
  if (lock === undefined)
    throw new CadenceError('held', `another install or uninstall of ${root} is under way`, 'Wait for its end, then look: cadence-bus install --list');
  try {
    return await work();
  } finally {
    await lock.release();
  }
}

/** What is on and says what it should is left alone, so that a second install disturbs nobody. */
function isToLoad({ changes, keeper }: InstallPlan, entry: Entry, wasOn: readonly Entry[]): boolean {
  const names = keeper.fileNames(entry).map((name) => `${keeper.folder}/${name}`);
  return !wasOn.includes(entry) || changes.some(({ path }) => names.includes(path));
}

/** Two owners of one root there cannot be: that of the service would fail at every start. */
async function refuseOtherOwner({ root, keeper, jobs }: InstallPlan): Promise<void> {
  const state = await probeOwner(root);
  const [service] = await keeper.look(jobs.filter(({ role }) => role === 'owner'));
  const pid = state.info?.pid;
  if (state.kind === 'none' || (pid !== undefined && pid === service?.pid)) return;
  throw new CadenceError(
    'held',
    `${root} has an owner already that is no service${pid === undefined ? '' : ` (process ${pid})`}`,
    pid === undefined ? 'End it, then install again.' : `End it, then install again: kill ${pid}`,
  );
}

function makeLogFolders(files: Files, root: string): void {
  const paths = pathsOf(root);
  makeFolders(files, paths);
  for (const folder of [paths.logs, `${paths.logs}/timers`]) {
    files.makeDir(folder);
    // launchd starts nothing whose log cannot be opened, and says so nowhere.
    const probe = `${folder}/.writable`;
    files.create(probe, '');
    files.remove(probe);
  }
}

async function awaitOwner(root: string): Promise<void> {
  const clock = createClock();
  const untilMs = clock.nowMs() + OWNER_WITHIN_MS;
  while ((await probeOwner(root)).kind !== 'answers') {
    if (clock.nowMs() > untilMs)
      throw new CadenceError('io', `the owner of ${root} was started, and does not answer`, `Its last words may stand in ${pathsOf(root).logs}/`);
    await new Promise<void>((resolve) => void clock.after(LOOK_AGAIN_MS, resolve));
  }
}

function refuseRejected(kind: string, timers: readonly TimerView[]): void {
  const bad = timers.filter(({ state }) => state !== 'running' && state !== 'idle');
  if (bad.length === 0) return;
  const told = bad.map(({ label, state, because }) => `${label} is ${state.replace('_', ' ')}${because === '' ? '' : `: ${because}`}`);
  throw new CadenceError('io', `${kind} did not take all: ${told.join('; ')}`, 'Nothing of it was kept.');
}

/** As it was: the files, the setting, and what was on. */
async function undo({ root, keeper, jobs, stale, changes }: InstallPlan, setting: readonly PlannedChange[], wasOn: readonly Entry[]): Promise<void> {
  const files = createFiles();
  for (const job of jobs) if (!wasOn.includes(job)) await keeper.unload(job);
  const isWritten = ({ path, after }: PlannedChange): boolean => {
    const now = files.info(path) === undefined ? undefined : files.read(path);
    return after === (now?.kind === 'text' ? now.text : undefined);
  };
  carryOutChanges(root, changes.filter(isWritten).map(backwards));
  await changeDefinitions(root, false, () => setting.map(backwards));
  await keeper.reread();
  for (const entry of [...wasOn.filter((job) => isToLoad({ keeper, changes } as InstallPlan, job, wasOn)), ...stale]) await keeper.load(entry);
}

function addWords(error: unknown, second: unknown): void {
  if (error instanceof Error && second instanceof Error) error.message += ` (and not all of it could be taken back: ${second.message})`;
  else throw second;
}

export interface UninstallPlan {
  readonly root: string;
  readonly keeper: Keeper;
  readonly entries: readonly Entry[];
  readonly changes: readonly PlannedChange[];
}

/** Data stays: definitions, ticks, runs and logs. */
export async function carryOutUninstall(plan: UninstallPlan): Promise<void> {
  makeFolders(createFiles(), pathsOf(plan.root));
  await alone(plan.root, () => uninstallAll(plan));
}

async function uninstallAll({ root, keeper, entries, changes }: UninstallPlan): Promise<void> {
  const files = createFiles();
  sweepHalfWritten(files, keeper, rootStem(root));
  // The owner last, so that what the others drop meanwhile is not left to nobody.
  for (const entry of [...entries].sort((a, b) => Number(a.role === 'owner') - Number(b.role === 'owner'))) await keeper.unload(entry);
  carryOutChanges(root, changes);
  await keeper.reread();
  if (readInstalled(files, pathsOf(root)) !== undefined) files.remove(pathsOf(root).installed);
  await changeDefinitions(root, false, () => planScheduler(root, 'builtin'));
}
