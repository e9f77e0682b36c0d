import { busLogPath } from '../../core/paths.ts';
import type { TimerView } from '../../core/slot/timer.ts';
import { dayOf } from '../../core/time/instant.ts';
import type { Check } from '../../doctor/check.ts';
import { createLogFolderCheck } from '../../doctor/log-folder.ts';
import { createServiceFilesCheck } from '../../doctor/service-files.ts';
import { createServiceProgramsCheck } from '../../doctor/service-programs.ts';
import { createTimersCheck } from '../../doctor/timers.ts';
import { createPermissions } from '../../platform/permissions.ts';
import { readInstalled } from '../install/record.ts';
import { nowMs } from '../root.ts';
import type { DoctorFacts } from './facts.ts';

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
  // What knows launchd and systemd is loaded where one of them has something of ours.
  const list = async (): Promise<readonly TimerView[]> => (installed === undefined ? [] : (await import('../install/timers.ts')).composeTimers(root).list());
  const scheduler = installed?.scheduler ?? 'builtin';
  return [
    createTimersCheck({ scheduler, list, wanted: () => settings().scheduler }),
    createServiceFilesCheck({
      async drift() {
        if (installed === undefined) return undefined;
        const { driftOf } = await import('./drift.ts');
        return driftOf({ files, root, installed, settings: settings(), definitions: defined().definitions });
      },
    }),
    createServiceProgramsCheck({ files, programs: installed }),
    createLogFolderCheck({
      scheduler,
      folder: paths.logs,
      realFolder: () => (files.info(paths.logs) === undefined ? undefined : files.realPath(paths.logs)),
      home: machine.home,
      ...createPermissions(),
      inTheWay() {
        const path = busLogPath(paths.logs, dayOf(nowMs()));
        const kind = files.info(path)?.kind;
        return kind === undefined || kind === 'file' ? undefined : path;
      },
    }),
  ];
}
