import { PROBE_CADENCE } from '../../core/builtin.ts';
import type { BusSettings } from '../../core/cadence.ts';
import { type Paths, pathsOf } from '../../core/paths.ts';
import { createFiles } from '../../platform/files.ts';
import { createUptime } from '../../platform/uptime.ts';
import type { Definition } from '../../ports.ts';
import type { Job } from '../../schedules/job.ts';
import { labelOf, timerLabel } from '../../schedules/label.ts';
import type { Installed } from '../../wire/installed.ts';

/** Ticks are dropped by a shell script; it needs nothing but the system's own. */
const PLAIN_PATH = '/usr/bin:/bin';

/** How often the watchman goes his round; undefined: never. */
export type Rounds = { readonly everyMinutes: number } | undefined;

export interface JobFacts {
  readonly paths: Paths;
  readonly installed: Pick<Installed, 'scheduler' | 'stem' | 'path' | 'node' | 'program' | 'enqueue' | 'only'>;
  readonly machineZone: string;
  readonly rounds: Rounds;
}

export function jobFacts(root: string, installed: JobFacts['installed'], { heartbeat }: BusSettings): JobFacts {
  const rounds = heartbeat.enabled ? { everyMinutes: Math.max(1, Math.round(heartbeat.intervalMs / 60_000)) } : undefined;
  return { paths: pathsOf(createFiles().realPath(root)), installed, machineZone: createUptime().timezone(), rounds };
}

/** What launchd or systemd is to have of a root: its owner, its watchman, and a timer for each cadence that is on and has a schedule. */
export function jobsOf(facts: JobFacts, definitions: readonly Definition[]): readonly Job[] {
  const watchman = facts.rounds === undefined ? [] : [heartbeatJob(facts, facts.rounds.everyMinutes)];
  return [ownerJob(facts), ...watchman, ...definitions.flatMap((definition) => timerJob(facts, definition) ?? [])];
}

function ownerJob({ paths, installed }: JobFacts): Job {
  const { node, program, path, stem } = installed;
  return {
    name: 'owner',
    role: 'owner',
    label: labelOf(stem, 'owner'),
    description: `cadence-bus: the owner of ${paths.root}`,
    argv: [node, program, 'start', '--json', '--root', paths.root],
    when: { kind: 'always' },
    searchPath: path,
    workFolder: paths.root,
    logStem: `${paths.logs}/owner`,
  };
}

/** Roots spread over the hour, each at a minute of its own. */
function heartbeatJob({ paths, installed }: JobFacts, minutes: number): Job {
  const { node, program, path, stem } = installed;
  return {
    name: 'heartbeat',
    role: 'heartbeat',
    label: labelOf(stem, 'heartbeat'),
    description: `cadence-bus: the watchman of ${paths.root}`,
    argv: [node, program, 'heartbeat', '--root', paths.root],
    when: { kind: 'every', minutes, minute: minuteOf(stem) },
    searchPath: path,
    workFolder: paths.root,
    logStem: `${paths.logs}/heartbeat`,
  };
}

function minuteOf(stem: string): number {
  let sum = 0;
  for (const char of stem) sum = (sum * 31 + (char.codePointAt(0) ?? 0)) % 60;
  return sum;
}

/** undefined: it needs none. */
export function timerJob(facts: JobFacts, { name, cadence }: Definition): Job | undefined {
  const { only, stem } = facts.installed;
  const schedule = cadence?.schedule;
  if (cadence?.enabled !== true || schedule === undefined || only?.includes(name) === false) return undefined;
  const label = timerLabel(stem, name);
  return { ...knock(facts, name), name, role: 'timer', label, when: { kind: 'slots', schedule, machineZone: facts.machineZone } };
}

/** Drops one tick that does nothing but arrive. */
export function probeJob(facts: JobFacts): Job {
  return { ...knock(facts, PROBE_CADENCE), name: 'probe', role: 'probe', label: labelOf(facts.installed.stem, 'probe'), when: { kind: 'asked' } };
}

function knock({ paths, installed }: JobFacts, cadence: string): Pick<Job, 'description' | 'argv' | 'searchPath' | 'logStem'> {
  return {
    description: `cadence-bus: ${cadence} of ${paths.root}`,
    // A file of one name: a week of sleep leaves one tick, not a thousand.
    argv: ['/bin/sh', installed.enqueue, cadence, '--once', '--source', installed.scheduler, '--root', paths.root],
    searchPath: PLAIN_PATH,
    logStem: `${paths.logs}/timers/${cadence}`,
  };
}
