import type { Job } from './job.ts';
import { launchdTimes } from './launchd-calendar.ts';
import { requirePlain } from './plain-text.ts';
import { formatPlist, type PlistValue } from './plist.ts';

/**
 * The property list of a job, for an agent of the user.
 *
 * Only the owner is kept alive: KeepAlive on a timer would be one more tick at every login, and again ten seconds after each
 * failure. A timer is not run at load either: what was missed while the machine was off is found by the owner itself.
 *
 * launchd starts nothing whose log it cannot open, and says so nowhere (exit 78). So a timer writes its own log, where it can,
 * and knocks in any case; it always exits 0, for launchd to have no opinion of it.
 */
const KNOCK = 'log=$1; shift; if (: >>"$log") 2>/dev/null; then exec 2>>"$log"; fi; "$@" >/dev/null; exit 0';

/** 0077, as the number that a property list must have it. */
const OWNER_ONLY = 63;
/** Five seconds, launchd's own, are too few for an owner that ends its inline runs first. */
const EXIT_SECONDS = 60;
const THROTTLE_SECONDS = 10;

export function launchdPlist(job: Job, nowMs: number): string {
  return formatPlist(launchdJob(job, nowMs));
}

export function launchdJob(job: Job, nowMs: number): { readonly [key: string]: PlistValue } {
  for (const word of [...job.argv, job.logStem, job.searchPath]) requirePlain('a path of the service', word);
  return {
    Label: job.label,
    ProgramArguments: argvOf(job),
    EnvironmentVariables: { PATH: job.searchPath },
    ...(job.workFolder === undefined ? {} : { WorkingDirectory: job.workFolder }),
    ...timesOf(job, nowMs),
    ...(job.role === 'owner' ? { ExitTimeOut: EXIT_SECONDS, ThrottleInterval: THROTTLE_SECONDS, AbandonProcessGroup: true } : {}),
    ProcessType: job.role === 'owner' ? 'Standard' : 'Background',
    // Aqua alone would leave out a machine without a screen, whose user is never at its desk.
    LimitLoadToSessionType: ['Aqua', 'Background'],
    Umask: OWNER_ONLY,
    ...(isKnock(job) ? {} : { StandardOutPath: `${job.logStem}.log`, StandardErrorPath: `${job.logStem}.err` }),
  };
}

/** It drops a tick, and does nothing else. */
function isKnock({ role }: Job): boolean {
  return role === 'timer' || role === 'probe';
}

function argvOf(job: Job): readonly string[] {
  return isKnock(job) ? ['/bin/sh', '-c', KNOCK, 'knock', `${job.logStem}.err`, ...job.argv] : job.argv;
}

function timesOf({ when }: Job, nowMs: number): { readonly [key: string]: PlistValue } {
  switch (when.kind) {
    case 'always':
      return { RunAtLoad: true, KeepAlive: { SuccessfulExit: false } };
    case 'every':
      return when.minutes === 60 ? { StartCalendarInterval: { Minute: when.minute } } : { StartInterval: when.minutes * 60 };
    case 'asked':
      return {};
    case 'slots': {
      const { calendar, everySeconds } = launchdTimes(when.schedule, when.machineZone, nowMs);
      const times = calendar.map((entry) => ({ ...entry }) as { readonly [key: string]: PlistValue });
      return { ...(times.length === 0 ? {} : { StartCalendarInterval: times }), ...(everySeconds === undefined ? {} : { StartInterval: everySeconds }) };
    }
  }
}
