import { CadenceError } from '../../core/error.ts';
import { pathsOf } from '../../core/paths.ts';
import { toIso } from '../../core/time/instant.ts';
import type { SchedulerKind } from '../../core/time/schedule.ts';
import { createFiles } from '../../platform/files.ts';
import { readMachine } from '../../platform/machine.ts';
import type { Definition } from '../../ports.ts';
import type { Job } from '../../schedules/job.ts';
import type { Entry, Keeper } from '../../schedules/keeper.ts';
import type { Installed } from '../../wire/installed.ts';
import { readDefined } from '../definitions/defined.ts';
import type { PlannedChange } from '../definitions/file.ts';
import { nowMs, unknownCadence } from '../root.ts';
import { findPrograms, servicePath } from './place.ts';
import { readInstalled, rootStem, stemBeforeMove } from './record.ts';
import { entriesOnDisk, removals, writes } from './service-files.ts';
import { type JobFacts, jobFacts, jobsOf } from './timer-jobs.ts';
import { createKeeper } from './timers.ts';

/** What `install` would do with launchd or systemd. */
export interface InstallPlan {
  readonly root: string;
  readonly keeper: Keeper;
  readonly installed: Installed;
  readonly facts: JobFacts;
  readonly jobs: readonly Job[];
  /** Files that the keeper reads. */
  readonly changes: readonly PlannedChange[];
  /** Entries of this root that have no reason to be any more. */
  readonly stale: readonly Entry[];
  readonly warnings: readonly string[];
}

/** Throws `not_found` for what has no schedule, `no_owner` where the keeper cannot be used. */
export async function planInstall(root: string, kind: 'launchd' | 'systemd', names: readonly string[]): Promise<InstallPlan> {
  const files = createFiles();
  const paths = pathsOf(root);
  const keeper = createKeeper(kind);
  const absence = await keeper.absence();
  if (absence !== undefined) throw new CadenceError('no_owner', absence.because, absence.hint);
  const { definitions, settings } = readDefined(root);
  for (const name of names) refuseUnscheduled(name, definitions);
  const before = readInstalled(files, paths);
  const { env, home } = readMachine();
  const { warnings, ...programs } = findPrograms(files, import.meta.dirname, process.execPath, home);
  const installed: Installed = {
    ...programs,
    format: 1,
    scheduler: kind,
    stem: rootStem(root),
    root: files.realPath(root),
    path: servicePath(programs.node, env.PATH ?? '', env.TMPDIR ?? '/tmp'),
    installed_at: toIso(nowMs()),
    proven_at: before?.proven_at ?? null,
    only: names.length === 0 ? null : before === undefined ? [...names] : before.only === null ? null : [...new Set([...before.only, ...names])].sort(),
  };
  const facts = jobFacts(root, installed, settings);
  const jobs = jobsOf(facts, definitions);
  const movedFrom = stemBeforeMove(files, paths);
  const known = [installed.stem, ...(movedFrom === undefined ? [] : [movedFrom])].flatMap((stem) => entriesOnDisk(files, keeper, stem));
  const stale = known.filter(({ label }) => !jobs.some((job) => job.label === label));
  return { root, keeper, installed, facts, jobs, changes: [...writes(files, keeper, jobs), ...removals(files, keeper, stale)], stale, warnings };
}

function refuseUnscheduled(name: string, definitions: readonly Definition[]): void {
  const found = definitions.find((definition) => definition.name === name);
  if (found === undefined)
    throw unknownCadence(
      name,
      definitions.map((definition) => definition.name),
    );
  if (found.cadence?.schedule === undefined)
    throw new CadenceError('not_found', `${name} has no schedule that a timer could keep`, `Give it one: cadence-bus edit ${name} --set schedule="daily 7:00"`);
  if (!found.cadence.enabled) throw new CadenceError('not_found', `${found.path} says enabled: false`, `Enable it first: cadence-bus enable ${name}`);
}

/** What was asked for, else what bus.yaml says, else what this machine has. */
export async function chooseScheduler(root: string, asked: SchedulerKind | undefined): Promise<SchedulerKind> {
  if (asked !== undefined) return asked;
  const { settings } = readDefined(root);
  if (settings.scheduler !== 'builtin') return settings.scheduler;
  const kinds = process.platform === 'darwin' ? (['launchd', 'systemd'] as const) : (['systemd', 'launchd'] as const);
  const told: string[] = [];
  for (const kind of kinds) {
    const absence = await createKeeper(kind).absence();
    if (absence === undefined) return kind;
    told.push(absence.because);
  }
  throw new CadenceError(
    'no_owner',
    `neither launchd nor systemd can be used here: ${told.join('; ')}`,
    'The owner can keep the time by itself, as long as somebody starts it: cadence-bus install --scheduler builtin',
  );
}
