import type { TimerState, TimerView } from '../core/slot/timer.ts';
import type { Ms } from '../core/time/instant.ts';
import type { Job, JobFile } from './job.ts';

/** What a program said when it was asked. `code` is null where it did not end by itself; then `because` says why. */
export interface Said {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
  readonly because: string;
}

/** The only way to launchctl, systemctl and loginctl. Never rejects. */
export type Hear = (argv: readonly [string, ...string[]], withinMs: Ms) => Promise<Said>;

export interface KeeperDeps {
  readonly hear: Hear;
  readonly pause: (ms: Ms) => Promise<void>;
  readonly nowMs: () => Ms;
  readonly home: string;
  readonly uid: number;
  readonly env: Readonly<Record<string, string | undefined>>;
}

/** A job in the keeper's hands, by what it is called. */
export interface Entry {
  readonly label: string;
  readonly role: Job['role'];
}

/** What the keeper says of an entry. */
export interface Seen {
  readonly state: Exclude<TimerState, 'not_installed'>;
  readonly because: string;
  readonly pid: number | null;
  readonly runs: number | null;
  readonly lastExitCode: TimerView['last_exit_code'];
}

/** launchd or systemd: the same few deeds, each in its own words. */
export interface Keeper {
  readonly kind: 'launchd' | 'systemd';
  /** Where it looks for the files of this user. */
  readonly folder: string;
  /** Why it cannot be used here, and what to do; undefined: it can. */
  absence(): Promise<Absence | undefined>;
  filesOf(job: Job): readonly JobFile[];
  /** The names of an entry's files. */
  fileNames(entry: Entry): readonly string[];
  /** Files have changed. Throws `io`. */
  reread(): Promise<void>;
  /** It is on from now on, with what its files say now, also after the next login. Throws `io` with the keeper's words. */
  load(entry: Entry): Promise<void>;
  /** It is off and forgotten; nothing happens where it was not on. Throws `io`. */
  unload(entry: Entry): Promise<void>;
  /** Starts it once, now, as its time would. Throws `io`. */
  start(entry: Entry): Promise<void>;
  /** One answer an entry, in their order. Never rejects: what is not said is `unknown`. */
  look(entries: readonly Entry[]): Promise<readonly Seen[]>;
  /** What a person must know who relies on it; ''. */
  advice(): Promise<string>;
}

export interface Absence {
  readonly because: string;
  readonly hint: string;
}

/** An answer that is no answer within this time is none. */
export const ANSWER_WITHIN_MS: Ms = 5_000;
/** Loading and stopping wait for what is stopped. */
export const DEED_WITHIN_MS: Ms = 90_000;

export function unknown(because: string): Seen {
  return { state: 'unknown', because, pid: null, runs: null, lastExitCode: null };
}

/** The last words of a program that did not do it. */
export function wordsOf({ code, stdout, stderr, because }: Said): string {
  const words = (stderr.trim() || stdout.trim()).replaceAll('\n', '; ').slice(0, 300);
  if (code === null) return because;
  return words === '' ? `exit code ${code}` : words;
}
