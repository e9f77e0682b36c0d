import { CadenceError } from '../../core/error.ts';
import { pathsOf } from '../../core/paths.ts';
import type { Timers, TimerView } from '../../core/slot/timer.ts';
import { createClock } from '../../platform/clock.ts';
import { createFiles } from '../../platform/files.ts';
import { readMachine } from '../../platform/machine.ts';
import { createPermissions } from '../../platform/permissions.ts';
import { hearProgram } from '../../platform/program-answer.ts';
import type { Files } from '../../ports.ts';
import type { Job } from '../../schedules/job.ts';
import type { Entry, Keeper, Seen } from '../../schedules/keeper.ts';
import { nameOfLabel } from '../../schedules/label.ts';
import { createLaunchd } from '../../schedules/launchd.ts';
import { createSystemd } from '../../schedules/systemd.ts';
import { readDefined } from '../definitions/defined.ts';
import { readInstalled } from './record.ts';
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
