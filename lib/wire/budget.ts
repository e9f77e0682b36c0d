import * as z from 'zod';
import type { SourceProblem } from './problem.ts';
import { count, keys } from './value.ts';
import type { YamlSource } from './yaml-source.ts';

/** What may stand under `budget:`, in a cadence file and in `bus.yaml`. */
const MOST_USD = 1_000_000;
const DOLLARS = 'an amount in US dollars above 0, at most 1000000';
export const usd = z.number({ error: DOLLARS }).positive({ error: DOLLARS }).max(MOST_USD, { error: DOLLARS });

const windows = {
  day_usd: usd.optional().describe('The most that may be spent in a calendar day, in US dollars. What no longer fits waits for the next day.'),
  month_usd: usd.optional().describe('The most that may be spent in a calendar month, in US dollars.'),
  day_runs: count(1).optional().describe('The most runs in a calendar day, for agents that do not tell what they cost.'),
  month_runs: count(1).optional().describe('The most runs in a calendar month.'),
};

export const cadenceBudget = keys(
  {
    run_usd: usd.optional().describe('The most one run may cost, in US dollars. So much is set aside before a run starts, until past runs tell what it takes.'),
    ...windows,
  },
  'a map such as {run_usd: 0.50, day_usd: 2, month_usd: 20}',
);

export const busBudget = keys(windows, 'a map such as {day_usd: 10, month_usd: 100}');

type BudgetKey = 'run_usd' | 'day_usd' | 'month_usd' | 'day_runs' | 'month_runs';
export type BudgetFile = { readonly [K in BudgetKey]?: number | undefined };

const NESTED: readonly (readonly [BudgetKey, BudgetKey])[] = [
  ['run_usd', 'day_usd'],
  ['run_usd', 'month_usd'],
  ['day_usd', 'month_usd'],
  ['day_runs', 'month_runs'],
];

/** A part that is larger than its whole would never be used up: one of the two is a slip. */
export function checkBudget(budget: BudgetFile | undefined, source: YamlSource): readonly SourceProblem[] {
  return NESTED.flatMap(([part, whole]) => {
    const [less, more] = [budget?.[part], budget?.[whole]];
    if (less === undefined || more === undefined || less <= more) return [];
    return [source.problem(['budget', part], `found ${less}, expected no more than ${whole} (${more})`, `Lower ${part} or raise ${whole}.`)];
  });
}
