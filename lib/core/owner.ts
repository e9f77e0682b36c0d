import type { Ms } from './time/instant.ts';

/** Who owns a root: `owner.json`, and what is seen of it from outside. */
export interface OwnerInfo {
  readonly format: 1;
  readonly pid: number;
  readonly identity: string;
  readonly version: string;
  readonly node: string;
  readonly host: string;
  readonly root: string;
  readonly started_at: string;
  readonly state: 'running' | 'stopped';
  readonly stopped_at?: string;
  readonly because?: string;
  /** Absent where an older version wrote it. */
  readonly surroundings?: Surroundings;
  /** Only of one for a moment (a run, an order): what stood here of the last owner that was to stay; null: there was none. */
  readonly before?: OwnerInfo | null;
}

/** What an owner finds its programs by; a service's differ from a shell's. */
export interface Surroundings {
  readonly path: string;
  readonly home: string;
  /** The one that it finds by itself. */
  readonly claude: string | null;
}

export type OwnerState =
  | { readonly kind: 'answers'; readonly info: OwnerInfo | undefined; readonly tookMs: Ms }
  /** It holds the socket and does not answer: stopped, or asleep, or busy. */
  | { readonly kind: 'silent'; readonly info: OwnerInfo | undefined }
  | { readonly kind: 'none'; readonly info: OwnerInfo | undefined };

/** Why an owner for a moment ends that only waited, when one comes that is to stay. */
export const GAVE_WAY = 'it gave way to an owner that is to stay';

/** What may be asked of the owner through its socket. */
export type ControlRequest =
  | { readonly op: 'ping' }
  /** What it has done since it started. */
  | { readonly op: 'stats' }
  /** Something lies in the inbox. */
  | { readonly op: 'wake' }
  /** Answers with the record when this run, or the tick's last run, has ended. `by`: the run that waits for it, where it is one. */
  | { readonly op: 'wait'; readonly id: string; readonly by?: string }
  /** Every event from now on. */
  | { readonly op: 'events' }
  /** Somebody comes who is to stay. Answers with whether it ends for him, at once or in a moment. */
  | { readonly op: 'yield' }
  | { readonly op: 'shutdown' };
