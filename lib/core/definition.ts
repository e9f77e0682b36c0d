import type { Cadence } from './cadence.ts';

/** A broken edit keeps the last good definition running and carries the problem beside it. */
export interface Definition {
  readonly name: string;
  readonly path: string;
  /** undefined: it has never been right since the start. */
  readonly cadence: Cadence | undefined;
  readonly problems: readonly Problem[];
  /** What keeps it from nothing, and is to be seen to all the same. */
  readonly warnings?: readonly Problem[];
}

export interface Problem {
  readonly path: string;
  readonly line: number;
  readonly column: number;
  readonly key: string;
  readonly message: string;
  readonly hint: string;
}
