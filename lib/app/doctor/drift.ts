import type { BusSettings } from '../../core/cadence.ts';
import type { Drift } from '../../doctor/service-files.ts';
import type { Definition, Files } from '../../ports.ts';
import type { Installed } from '../../wire/installed.ts';
import { entriesOnDisk, removals, writes } from '../install/service-files.ts';
import { jobFacts, jobsOf } from '../install/timer-jobs.ts';
import { createKeeper } from '../install/timers.ts';

export interface DriftFacts {
  readonly files: Files;
  readonly root: string;
  readonly installed: Installed;
  readonly settings: BusSettings;
  readonly definitions: readonly Definition[];
}

/** How the files that were handed to launchd or systemd differ from what would be handed to it now. */
export function driftOf({ files, root, installed, settings, definitions }: DriftFacts): Drift {
  const keeper = createKeeper(installed.scheduler);
  const jobs = jobsOf(jobFacts(root, installed, settings), definitions);
  const changes = writes(files, keeper, jobs);
  const stale = entriesOnDisk(files, keeper, installed.stem).filter(({ label }) => !jobs.some((job) => job.label === label));
  return {
    differing: changes.flatMap(({ path, before }) => (before === undefined ? [] : [path])),
    missing: changes.flatMap(({ path, before }) => (before === undefined ? [path] : [])),
    stale: removals(files, keeper, stale).map(({ path }) => path),
  };
}
