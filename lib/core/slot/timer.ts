import type { SchedulerKind } from '../time/schedule.ts';

/**
 * What the system's own manager (launchd, systemd) says of a job that `install` has handed to it. `unknown`: the manager did
 * not answer, or what it answered cannot be read; that is never taken for good news or for bad.
 */
export const TIMER_STATES = ['running', 'idle', 'disabled', 'failed', 'not_loaded', 'not_installed', 'unknown'] as const;
export type TimerState = (typeof TIMER_STATES)[number];

/** The owner itself, the watchman, or the timer of one cadence. */
export type TimerRole = 'owner' | 'heartbeat' | 'timer';

/** Names as in `--json`. */
export interface TimerView {
  /** The cadence; `owner` or `heartbeat` for these. */
  readonly name: string;
  readonly role: TimerRole;
  /** What the manager calls it. */
  readonly label: string;
  /** The file that the manager reads. */
  readonly path: string;
  readonly state: TimerState;
  /** In words, where there is something to say. */
  readonly because: string;
  readonly pid: number | null;
  /** How often it was started since it was loaded; null: the manager does not tell. */
  readonly runs: number | null;
  readonly last_exit_code: number | null;
}

/** The jobs of one root in the hands of launchd or systemd. With `builtin` there are none: the owner wakes itself. */
export interface Timers {
  readonly scheduler: SchedulerKind;
  /** The owner first, then the watchman, then the cadences by name. Never rejects for what the manager says or leaves unsaid. */
  list(): Promise<readonly TimerView[]>;
  /** Takes it out of the manager's hands and gives it back. Throws `io` with the manager's words, `not_found` for what is not installed. */
  reload(label: string): Promise<void>;
  /** Asks the manager to start the owner now; nothing happens where it runs. Throws like `reload`. */
  startOwner(): Promise<void>;
}
