import type { RunRecord } from './run.ts';

/** What the log of runs comes to for one cadence. */
export interface CadenceDigest {
  /** Its newest record. */
  readonly last: RunRecord;
  /** The newest one that is not of a tick which another one served; set where that is not `last`. */
  readonly served?: RunRecord;
  readonly runs: number;
  readonly succeeded: number;
  readonly failed: number;
  readonly consecutive_failures: number;
}

/** What a person means by the last run: a tick that another one served was none. */
export function lastRunOf(digest: Pick<CadenceDigest, 'last' | 'served'> | undefined): RunRecord | undefined {
  return digest?.last.status === 'coalesced' ? digest.served : digest?.last;
}
