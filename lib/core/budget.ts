/**
 * What a cadence, or the whole bus, may spend: per run, and per calendar day and month of local time. Runs are counted
 * for agents that do not tell what they cost. A limit that is undefined is none.
 */
export interface BudgetPolicy {
  readonly runUsd: number | undefined;
  readonly dayUsd: number | undefined;
  readonly monthUsd: number | undefined;
  readonly dayRuns: number | undefined;
  readonly monthRuns: number | undefined;
}

/** `run_usd` has no meaning for the bus: a run belongs to a cadence. */
export type BusBudget = Omit<BudgetPolicy, 'runUsd'>;
