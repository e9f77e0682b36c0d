import { dayOf } from '../core/instant.ts';
import { busLogPath } from '../core/paths.ts';
import type { Check } from '../doctor/check.ts';
import { createLogFolderCheck } from '../doctor/log-folder.ts';
import { createServiceFilesCheck, type Drift } from '../doctor/service-files.ts';
import { createServiceProgramsCheck } from '../doctor/service-programs.ts';
import { createTimersCheck } from '../doctor/timers.ts';
import { createPermissions } from '../platform/permissions.ts';
import type { Installed } from '../wire/installed.ts';
import type { DoctorFacts } from './doctor-facts.ts';
import { nowMs } from './root.ts';
import { entriesOnDisk, removals, writes } from './service-files.ts';
import { jobFacts, jobsOf } from './timer-jobs.ts';
import { composeTimers, createKeeper, readInstalled } from './timers.ts';

const BY_HAND = /^(?:kill \d+ && )?cadence-bus start$/;

/** Where the system starts the owner, nobody should do it by hand: to install once more starts it with what holds now. */
export function mendedByService({ reading: { files, paths } }: DoctorFacts, checks: readonly Check[]): readonly Check[] {
  if (readInstalled(files, paths) === undefined) return checks;
  return checks.map((check) => ({
    ...check,
    async inspect() {
      const finding = await check.inspect();
      return BY_HAND.test(finding.mend ?? '') ? { ...finding, mend: 'cadence-bus install' } : finding;
    },
  }));
}

/** What launchd or systemd has of this root, and whether it can do its part. */
export function timerChecks({ reading: { files, paths }, machine, settings, defined }: DoctorFacts): readonly Check[] {
  const { root } = paths;
  const installed = readInstalled(files, paths);
  const timers = composeTimers(root);
  return [
    createTimersCheck({ scheduler: timers.scheduler, list: timers.list, wanted: () => settings().scheduler }),
    createServiceFilesCheck({ drift: () => (installed === undefined ? undefined : driftOf(root, installed)) }),
    createServiceProgramsCheck({ files, programs: installed }),
    createLogFolderCheck({
      scheduler: timers.scheduler,
      folder: paths.logs,
      realFolder: () => (files.info(paths.logs) === undefined ? undefined : files.realPath(paths.logs)),
      home: machine.home,
      mayWrite: createPermissions().mayWrite,
      inTheWay() {
        const path = busLogPath(paths.logs, dayOf(nowMs()));
        const kind = files.info(path)?.kind;
        return kind === undefined || kind === 'file' ? undefined : path;
      },
    }),
  ];

  function driftOf(at: string, record: Installed): Drift {
    const keeper = createKeeper(record.scheduler);
    const jobs = jobsOf(jobFacts(at, record, settings()), defined().definitions);
    const changes = writes(files, keeper, jobs);
    const stale = entriesOnDisk(files, keeper, record.stem).filter(({ label }) => !jobs.some((job) => job.label === label));
    return {
      differing: changes.flatMap(({ path, before }) => (before === undefined ? [] : [path])),
      missing: changes.flatMap(({ path, before }) => (before === undefined ? [path] : [])),
      stale: removals(files, keeper, stale).map(({ path }) => path),
    };
  }
}
