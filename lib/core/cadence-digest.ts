import type { RunRecord } from './run.ts';

/** What the log of runs comes to for one cadence. */
export interface CadenceDigest {
  readonly last: RunRecord;
  readonly runs: number;
  readonly succeeded: number;
  readonly failed: number;
  readonly consecutive_failures: number;
}
