import type { Evidence } from './evidence.ts';
import type { Ending, Outcome } from './outcome.ts';

/** What a runner answers with. */
export interface RunEnd {
  readonly outcome: Outcome;
  readonly evidence?: Evidence | undefined;
  /** undefined for inline runs, which have no process. */
  readonly ending: Ending | undefined;
  readonly costUsd?: number | undefined;
  readonly stdoutPath: string | null;
  readonly stderrPath: string | null;
}
