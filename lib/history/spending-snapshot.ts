import { createSpending, type DayTally, type Spending, type SpendingEntry } from '../core/money/spending.ts';
import { isDay } from './position.ts';

/** The spending as it stands in `digest.json`. That of the bus is the sum of all others, and is not written. */
export function formatSpending({ cadences }: Spending): Readonly<Record<string, SpendingEntry>> {
  return Object.fromEntries(cadences);
}

/** undefined: it is none of ours. */
export function parseSpending(value: unknown): Spending | undefined {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return undefined;
  const spending = createSpending();
  for (const [cadence, saved] of Object.entries(value)) {
    if (!isEntry(saved)) return undefined;
    spending.cadences.set(cadence, saved);
    addAll(spending.bus.days, saved.days);
  }
  return spending;
}

function addAll(sum: Record<string, DayTally>, days: Readonly<Record<string, DayTally>>): void {
  for (const [day, [micros, runs]] of Object.entries(days)) {
    const [spent, count] = sum[day] ?? [0, 0];
    sum[day] = [spent + micros, count + runs];
  }
}

function isEntry(value: unknown): value is SpendingEntry {
  if (typeof value !== 'object' || value === null) return false;
  const { days, costs } = value as Record<string, unknown>;
  if (typeof days !== 'object' || days === null || !isAmounts(costs)) return false;
  return Object.entries(days).every(([day, tally]) => isDay(day) && isAmounts(tally) && tally.length === 2);
}

function isAmounts(value: unknown): value is readonly number[] {
  return Array.isArray(value) && value.every((amount) => Number.isSafeInteger(amount) && amount >= 0);
}
