import type { Evidence } from './evidence.ts';
import type { Ending, Outcome } from './outcome.ts';

/** What a runner answers with. */
/** What a run answered as data; `large`: only its output holds it. */
export type KeptResult = { readonly kind: 'kept'; readonly value: unknown } | { readonly kind: 'large' };

export interface RunEnd {
  readonly outcome: Outcome;
  readonly evidence?: Evidence | undefined;
  readonly result?: KeptResult | undefined;
  /** undefined for inline runs, which have no process. */
  readonly ending: Ending | undefined;
  readonly costUsd?: number | undefined;
  /** false: it ended before it began, by its guard or because it could not be prepared. */
  readonly hasRun?: boolean | undefined;
  readonly stdoutPath: string | null;
  readonly stderrPath: string | null;
}
