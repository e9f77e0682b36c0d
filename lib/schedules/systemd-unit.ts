import type { Job } from './job.ts';
import { requirePlain } from './plain-text.ts';
import { timerLines } from './systemd-calendar.ts';

/** The units of a job, by their suffix. */
export interface Units {
  readonly service: string;
  /** undefined: it is started otherwise. */
  readonly timer: string | undefined;
}

export function systemdUnits(job: Job): Units {
  return { service: service(job), timer: timer(job) };
}

function service(job: Job): string {
  const [program, ...words] = startable(job.argv);
  // Of the program itself systemd expands no variable.
  const command = [quoted(requirePlain('the program', program)), ...words.map(unitWord)].join(' ');
  const environment = `Environment=${quoted(`PATH=${requirePlain('the PATH', job.searchPath)}`)}`;
  if (job.role === 'owner') return sections(head(job, OWNER_LIMITS), ['Service', `ExecStart=${command}`, environment, ...OWNER_LINES], WANTED);
  // A tick that could not be dropped is told in the log; the timer goes on, and nobody calls it failed.
  if (job.role === 'timer' || job.role === 'probe') return sections(head(job), ['Service', `ExecStart=-${command}`, ...KNOCK_LINES]);
  // The watchman and the doctor end with 1 where they found something to tell, which is their work and no failure.
  return sections(head(job), ['Service', 'Type=oneshot', `ExecStart=${command}`, environment, 'SuccessExitStatus=1', 'TimeoutStartSec=600', 'UMask=0077']);
}

/** Twenty starts in ten minutes are no accident; then it stands as failed, for the watchman and the doctor to see. */
const OWNER_LIMITS = ['StartLimitIntervalSec=600', 'StartLimitBurst=20'];

/**
 * KillMode=process: children live in sessions of their own, outlive the owner and are adopted by the next one; systemd would
 * kill them with all that is in the unit. The owner itself ends what it must when it is asked to stop.
 */
const OWNER_LINES = [
  'Type=exec',
  'Restart=on-failure',
  'RestartSec=5',
  'RestartPreventExitStatus=64 66 77 78',
  'KillMode=process',
  'TimeoutStopSec=60',
  'UMask=0077',
];
const WANTED = ['Install', 'WantedBy=default.target'];
/** Standard output says that a tick was dropped, which the inbox says too. */
const KNOCK_LINES = ['Type=oneshot', 'StandardOutput=null', 'TimeoutStartSec=60', 'UMask=0077'];

function timer(job: Job): string | undefined {
  const { when } = job;
  if (when.kind === 'always' || when.kind === 'asked') return undefined;
  const wanted = ['Install', 'WantedBy=timers.target'];
  // A week of absence is one knock. The slots' own spread is the owner's work, so this must be in time.
  if (when.kind === 'slots') return sections(head(job), ['Timer', ...timerLines(when.schedule), 'Persistent=true', 'AccuracySec=1s'], wanted);
  const at = when.minutes === 60 ? [`OnCalendar=*-*-* *:${String(when.minute).padStart(2, '0')}:00`, 'Persistent=true'] : everyMinutes(when.minutes);
  return sections(head(job), ['Timer', ...at, 'AccuracySec=1s', 'RandomizedDelaySec=60', 'FixedRandomDelay=true'], wanted);
}

function everyMinutes(minutes: number): readonly string[] {
  return [`OnActiveSec=${minutes}min`, `OnUnitActiveSec=${minutes}min`];
}

function head(job: Job, more: readonly string[] = []): readonly string[] {
  return ['Unit', `Description=${plainLine(job.description)}`, ...more];
}

function sections(...all: readonly (readonly string[])[]): string {
  return all.map(([name, ...lines]) => `[${name}]\n${lines.join('\n')}\n`).join('\n');
}

/** Free text: systemd reads specifiers in it, and a backslash at its end would join the next line to it. */
function plainLine(text: string): string {
  return requirePlain('the description', text).replaceAll('\\', '/').replaceAll('%', '%%').trim();
}

/** systemd starts no program whose name has a quote or a backslash in it; a shell does, and is that program from then on. */
function startable(argv: Job['argv']): Job['argv'] {
  return /["'\\$]/.test(argv[0]) ? ['/bin/sh', '-c', 'exec "$0" "$@"', ...argv] : argv;
}

/** One word of a command: nothing in it is split, expanded or taken for a specifier. */
function unitWord(word: string): string {
  return quoted(requirePlain('a word of the command', word).replaceAll('$', '$$$$'));
}

function quoted(text: string): string {
  const escaped = text.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('%', '%%');
  return `"${escaped}"`;
}
