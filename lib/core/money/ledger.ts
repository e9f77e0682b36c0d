import type { Ms } from '../time/instant.ts';
import { type LocalDay, monthOf } from '../time/local-day.ts';
import { type BusBudget, capOf, expectedCost, type Limit, limitsOf, type Micros, type Periods, reservationFor, type Used } from './budget.ts';
import { isSpender, type Spender } from './spender.ts';
import { hasSpent, type Spending, type SpendingEntry, tallyOf } from './spending.ts';

/** What a budget is compared with: what was spent, what is set aside for runs under way, and what day it is. */
export interface Ledger {
  readonly spending: Spending;
  readonly reserved: readonly Reservation[];
  readonly day: LocalDay;
  readonly monthEndMs: Ms;
}

export interface Reservation {
  readonly cadence: string;
  readonly micros: Micros;
}

/** Sessions do; of others it is known once they have told it, or their budget says so. */
export function mayCost({ name, run, budget }: Spender, { cadences }: Spending): boolean {
  return isSpender({ run, budget }) || (cadences.get(name)?.costs.length ?? 0) > 0;
}

export function cadenceLimits({ name, budget }: Spender, ledger: Ledger): readonly Limit[] {
  if (budget === undefined) return [];
  const entry = ledger.spending.cadences.get(name);
  const used = usedIn(ledger, (period) => tallyOf(entry, period));
  return limitsOf('cadence', budget, used, sumOf(ledger.reserved.filter(({ cadence }) => cadence === name)), resetsOf(ledger));
}

/** All money counts, and the runs of those who may cost some; of those whom no file defines, such as who mends another or what was removed, if they did. */
export function busLimits(budget: BusBudget | undefined, spenders: readonly Spender[], ledger: Ledger): readonly Limit[] {
  if (budget === undefined) return [];
  const { spending } = ledger;
  const countsRuns = budget.dayRuns !== undefined || budget.monthRuns !== undefined;
  const costly = countsRuns ? costlyEntries(spenders, spending) : [];
  const used = usedIn(ledger, (period) => ({
    micros: tallyOf(spending.bus, period).micros,
    runs: costly.reduce((sum, entry) => sum + tallyOf(entry, period).runs, 0),
  }));
  return limitsOf('bus', budget, used, sumOf(ledger.reserved), resetsOf(ledger));
}

function costlyEntries(spenders: readonly Spender[], spending: Spending): readonly SpendingEntry[] {
  const defined = new Map(spenders.map((one) => [one.name, one]));
  return [...spending.cadences].flatMap(([name, entry]) => {
    const spender = defined.get(name);
    return (spender === undefined ? hasSpent(entry) : mayCost(spender, spending)) ? [entry] : [];
  });
}

/** What is set aside for its next run. */
export function needOf({ name, run, budget }: Spender, { cadences }: Spending, limits: readonly Limit[]): Micros {
  const cap = capOf(budget?.runUsd, run.kind === 'claude' ? run.maxUsd : undefined);
  return reservationFor(expectedCost(cadences.get(name)?.costs ?? [], cap), limits);
}

function usedIn({ day }: Ledger, tally: (period: string) => Used): Periods<Used> {
  return { day: tally(day.name), month: tally(monthOf(day.name)) };
}

function resetsOf({ day, monthEndMs }: Ledger): Periods<Ms> {
  return { day: day.endMs, month: monthEndMs };
}

function sumOf(reserved: readonly Reservation[]): Used {
  return { micros: reserved.reduce((sum, { micros }) => sum + micros, 0), runs: reserved.length };
}
