import { type BudgetPolicy, type BusBudget, formatMicros, type Micros, toMicros } from './budget.ts';

/** What bounds the spending of a cadence. */
export interface CostBounds {
  readonly budget: BudgetPolicy | undefined;
  /** What all cadences together may spend. */
  readonly bus: BusBudget | undefined;
  /** The most one run may cost. */
  readonly cap: Micros | undefined;
  /** Tries in all of one tick: each may cost a run. */
  readonly attempts: number;
}

/** The most that a month may cost; `most` undefined: nothing bounds it. */
export interface MonthlyCost {
  readonly most: Micros | undefined;
  /** By what, in words. */
  readonly because: string;
}

const LONGEST_MONTH_DAYS = 31;

/** `firesPerMonth` undefined: it has no schedule, anybody may enqueue it. The narrowest bound counts. */
export function monthlyCost({ budget, bus, cap, attempts }: CostBounds, firesPerMonth: number | undefined): MonthlyCost {
  const bounds: { readonly most: Micros; readonly because: string }[] = [];
  const bound = (most: Micros | undefined, because: string): void => {
    if (most !== undefined) bounds.push({ most, because });
  };
  const { monthUsd, dayUsd, monthRuns, dayRuns } = budget ?? {};
  if (monthUsd !== undefined) bound(toMicros(monthUsd), 'its budget of a month');
  if (dayUsd !== undefined) bound(toMicros(dayUsd) * LONGEST_MONTH_DAYS, `${LONGEST_MONTH_DAYS} days of ${formatMicros(toMicros(dayUsd))}`);
  if (bus?.monthUsd !== undefined) bound(toMicros(bus.monthUsd), 'the budget of the whole bus');
  if (bus?.dayUsd !== undefined)
    bound(toMicros(bus.dayUsd) * LONGEST_MONTH_DAYS, `the whole bus, ${LONGEST_MONTH_DAYS} days of ${formatMicros(toMicros(bus.dayUsd))}`);
  if (cap !== undefined) {
    const each = `runs of at most ${formatMicros(cap)}`;
    if (firesPerMonth !== undefined) bound(Math.ceil(firesPerMonth) * attempts * cap, `${Math.ceil(firesPerMonth)} fires, ${triesText(attempts)}${each}`);
    if (monthRuns !== undefined) bound(monthRuns * cap, `${monthRuns} ${each}`);
    if (dayRuns !== undefined) bound(dayRuns * LONGEST_MONTH_DAYS * cap, `${LONGEST_MONTH_DAYS} days of ${dayRuns} ${each}`);
  }
  const [first, ...others] = bounds;
  if (first === undefined) return { most: undefined, because: 'no limit is set' };
  return others.reduce((least, other) => (other.most < least.most ? other : least), first);
}

function triesText(attempts: number): string {
  return attempts === 1 ? '' : `${attempts} tries each, `;
}
