import type { RunKind } from '../cadence.ts';
import type { BudgetPolicy } from './budget.ts';

/** What of a cadence concerns its money. */
export interface Spender {
  readonly name: string;
  readonly run: RunKind;
  readonly budget: BudgetPolicy | undefined;
}

/** By its definition alone: sessions cost, and what has a budget is meant to. */
export function isSpender({ run, budget }: Pick<Spender, 'run' | 'budget'>): boolean {
  return run.kind === 'claude' || run.kind === 'agent' || budget !== undefined;
}
