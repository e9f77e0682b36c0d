import { CadenceError } from '../core/error.ts';
import { parseJson } from '../core/json-text.ts';
import { type Paths, pathsOf } from '../core/paths.ts';
import type { Timers, TimerView } from '../core/timer.ts';
import { createClock } from '../platform/clock.ts';
import { createFiles } from '../platform/files.ts';
import { createIds } from '../platform/ids.ts';
import { readMachine } from '../platform/machine.ts';
import { createPermissions } from '../platform/permissions.ts';
import { hearProgram } from '../platform/program-answer.ts';
import type { Files } from '../ports.ts';
import type { Job } from '../schedules/job.ts';
import type { Entry, Keeper, Seen } from '../schedules/keeper.ts';
import { nameOfLabel, stemOf } from '../schedules/label.ts';
import { createLaunchd } from '../schedules/launchd.ts';
import { createSystemd } from '../schedules/systemd.ts';
import { type Installed, parseInstalled } from '../wire/installed.ts';
import { readDefined } from './defined.ts';
import { jobFacts, jobsOf } from './timer-jobs.ts';

export function createKeeper(kind: 'launchd' | 'systemd'): Keeper {
  const { env: own, home } = readMachine();
  const clock = createClock();
  const uid = createPermissions().uid ?? 0;
  // Who came by su or by cron has no such variable, and a keeper all the same.
  const env = { ...own, XDG_RUNTIME_DIR: own.XDG_RUNTIME_DIR ?? `/run/user/${uid}` };
  const deps = {
    ...{ home, uid, env, nowMs: clock.nowMs },
    hear: (argv: readonly [string, ...string[]], withinMs: number) => hearProgram({ argv, env, withinMs }),
    pause: (ms: number) => new Promise<void>((resolve) => void clock.after(ms, resolve)),
  };
  return kind === 'launchd' ? createLaunchd(deps) : createSystemd(deps);
}

/** The stem of all labels of this root, whichever link leads to it. */
export function rootStem(root: string): string {
  const real = createFiles().realPath(root);
  return stemOf(real, createIds().keyed('root', real));
}

/** What was installed of this root; undefined: nothing, the owner wakes itself. A record that came with a copied or moved folder is none. */
export function readInstalled(files: Files, paths: Paths): Installed | undefined {
  const installed = readRecord(files, paths);
  return installed !== undefined && installed.stem === rootStem(paths.root) ? installed : undefined;
}

/** The stem under which this folder was installed where it lay before; undefined: it was not, or the folder there still is. */
export function stemBeforeMove(files: Files, paths: Paths): string | undefined {
  const record = readRecord(files, paths);
  return record === undefined || record.stem === rootStem(paths.root) || files.info(record.root) !== undefined ? undefined : record.stem;
}

function readRecord(files: Files, paths: Paths): Installed | undefined {
  const found = files.read(paths.installed, MOST_BYTES);
  return found?.kind === 'text' ? parseInstalled(parseJson(found.text)) : undefined;
}

const MOST_BYTES = 1024 * 1024;

/** The timers of a root as they are. Cheap where nothing is installed: one look at a file. */
export function composeTimers(root: string): Timers {
  const files = createFiles();
  const paths = pathsOf(root);
  const installed = readInstalled(files, paths);
  if (installed === undefined) return BUILTIN;
  const keeper = createKeeper(installed.scheduler);

  async function reload(label: string): Promise<void> {
    const named = nameOfLabel(installed?.stem ?? '', label);
    const entry = named === undefined ? undefined : { label, role: named.role };
    if (entry === undefined || !isOnDisk(files, keeper, entry))
      throw new CadenceError('not_found', `${label} is not installed`, 'See cadence-bus install --list; to install it: cadence-bus install');
    await keeper.reread();
    await keeper.load(entry);
  }

  return {
    scheduler: installed.scheduler,
    async list() {
      const { definitions, settings } = readDefined(root);
      return viewTimers(files, keeper, jobsOf(jobFacts(root, installed, settings), definitions));
    },
    reload,
    async startOwner() {
      const entry: Entry = { label: `${installed.stem}.owner`, role: 'owner' };
      const [seen] = await keeper.look([entry]);
      if (seen?.state === 'running') return;
      if (seen?.state === 'idle') await keeper.start(entry);
      else await reload(entry.label);
    },
  };
}

const BUILTIN: Timers = {
  scheduler: 'builtin',
  list: async () => [],
  async reload(label) {
    throw new CadenceError('not_found', `${label} is not installed`, 'To install it: cadence-bus install');
  },
  async startOwner() {
    throw new CadenceError('not_found', 'nobody but you starts the owner here', 'Start it: cadence-bus start; or let the system do it: cadence-bus install');
  },
};

export function isOnDisk(files: Files, keeper: Keeper, entry: Entry): boolean {
  return keeper.fileNames(entry).every((name) => files.info(`${keeper.folder}/${name}`) !== undefined);
}

export async function viewTimers(files: Files, keeper: Keeper, jobs: readonly Job[]): Promise<readonly TimerView[]> {
  const seen = await keeper.look(jobs);
  return jobs.map((job, index) => viewOf(files, keeper, job, seen[index]));
}

function viewOf(files: Files, keeper: Keeper, job: Job, seen: Seen | undefined): TimerView {
  const { name, role, label } = job;
  const path = `${keeper.folder}/${keeper.fileNames(job).at(-1)}`;
  const about = { pid: seen?.pid ?? null, runs: seen?.runs ?? null, last_exit_code: seen?.lastExitCode ?? null };
  const isThere = isOnDisk(files, keeper, job);
  const state = isThere ? (seen?.state ?? 'unknown') : 'not_installed';
  const because = isThere ? (seen?.because ?? '') : `there is no ${path}`;
  return { name, role: role === 'probe' || role === 'inside' ? 'timer' : role, label, path, state, because, ...about };
}
