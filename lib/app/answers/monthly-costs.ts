import type { BusSettings, Cadence } from '../../core/cadence.ts';
import { capOf, toUsd } from '../../core/money/budget.ts';
import { mayCost } from '../../core/money/ledger.ts';
import { type MonthlyCost, monthlyCost } from '../../core/money/monthly-cost.ts';
import { readMachine } from '../../platform/machine.ts';
import { loadDefinitions } from '../definitions/defined.ts';
import { createReading } from '../reading.ts';
import { firesPerMonth } from './next-slots.ts';

/** The most that a cadence may cost in a month; `most_usd` null: nothing bounds it. */
export interface MonthlyCostView {
  readonly cadence: string;
  readonly most_usd: number | null;
  readonly because: string;
}

/** Of these cadences, those that may cost anything. */
export function readMonthlyCosts(root: string, cadences: readonly Cadence[]): readonly MonthlyCostView[] {
  const { history } = createReading(root);
  const { zone } = readMachine();
  const { spending } = history.spending(zone);
  const costly = cadences.filter((one) => mayCost(one, spending));
  if (costly.length === 0) return [];
  const settings = loadDefinitions(root).settings();
  return costly.map((one) => {
    const { most, because } = costOf(one, settings);
    return { cadence: one.name, most_usd: most === undefined ? null : toUsd(most), because };
  });
}

function costOf({ run, budget, retry, schedule }: Cadence, settings: BusSettings): MonthlyCost {
  const cap = capOf(budget?.runUsd, run.kind === 'claude' ? run.maxUsd : undefined);
  const fires = schedule === undefined ? undefined : firesPerMonth(schedule);
  return monthlyCost({ budget, bus: settings.budget, cap, attempts: retry.attempts }, fires);
}
