import type { TimerRole } from '../core/slot/timer.ts';
import type { Schedule } from '../core/time/schedule.ts';

/** One thing that launchd or systemd is to start. It is the same whoever does; each has its own way to write it down. */
export interface Job {
  /** The cadence; `owner`, `heartbeat`, `probe` or `inside` for these. */
  readonly name: string;
  readonly role: TimerRole | 'probe' | 'inside';
  readonly label: string;
  readonly description: string;
  /** The first word is an absolute path. */
  readonly argv: readonly [string, ...string[]];
  readonly when: When;
  /** The PATH of what is started: the keeper's own has neither node nor claude. */
  readonly searchPath: string;
  /** Where it starts, which need not exist for a timer to fire. undefined: nobody cares. */
  readonly workFolder?: string | undefined;
  /** `<stem>.log` and `<stem>.err`, where the keeper can write them. */
  readonly logStem: string;
}

export type When =
  /** Always: it is started at once, and again whenever it has failed. */
  | { readonly kind: 'always' }
  /** At the slots of a schedule. It may be started more often, never less. */
  | { readonly kind: 'slots'; readonly schedule: Schedule; readonly machineZone: string }
  /** About every so many minutes, at this minute where it is every hour. */
  | { readonly kind: 'every'; readonly minutes: number; readonly minute: number }
  /** When somebody asks the keeper for it. */
  | { readonly kind: 'asked' };

/** What a keeper reads. */
export interface JobFile {
  readonly path: string;
  readonly text: string;
}
