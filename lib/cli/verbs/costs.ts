import { type BudgetRow, COST_GROUPS, type CostRow, type CostsView, readCosts } from '../../app/answers/costs.ts';
import { nowMs } from '../../app/root.ts';
import { CadenceError } from '../../core/error.ts';
import { formatMicros, toMicros } from '../../core/money/budget.ts';
import { toVisible } from '../../core/text/excerpt.ts';
import { nearest } from '../../core/text/nearest.ts';
import type { CommandContext, Paint } from '../command.ts';
import { table } from '../output.ts';

export async function run({ words, flags, out, root }: CommandContext): Promise<number> {
  const [cadence] = words;
  const given = flags.text('by') ?? 'cadence';
  const by = COST_GROUPS.find((known) => known === given);
  if (by === undefined)
    throw new CadenceError('usage', `costs cannot be told by ${given}`, `Did you mean ${nearest(given, COST_GROUPS) ?? COST_GROUPS.join(', ')}?`);
  const since = flags.duration('since');
  const costs = readCosts(await root(), { cadence, by, sinceMs: since === undefined ? undefined : nowMs() - since });
  out.result({ ...costs }, () => describe(costs, out.paint));
  out.next(...nextSteps(costs, cadence));
  return 0;
}

const usd = (dollars: number): string => formatMicros(toMicros(dollars));

function describe(costs: CostsView, paint: Paint): string {
  const { budgets, reserved } = costs;
  const lines = [costs.costs.length === 0 ? `Nothing has cost anything since ${costs.since}.` : `Since ${costs.since}, days of ${costs.zone}`];
  if (costs.costs.length > 0) {
    const hasGuesses = costs.total.guessed_usd > 0;
    const rows = [...costs.costs.map((row) => costRow(row, hasGuesses)), costRow({ name: 'total', ...costs.total }, hasGuesses).map(paint.bold)];
    lines.push('', table(rows));
  }
  if (costs.gone_before !== undefined)
    lines.push('', paint.yellow(`What ended before ${costs.gone_before} is on file no more (retention), and not counted here.`));
  if (budgets.length > 0) lines.push('', paint.bold('Budgets'), table(budgets.map((row) => budgetRow(row, paint))));
  if (reserved.length > 0) {
    const sum = usd(reserved.reduce((total, one) => total + one.usd, 0));
    lines.push('', `${sum} set aside for ${reserved.map(({ run_id, cadence }) => `${cadence} ${paint.dim(run_id)}`).join(', ')}`);
  }
  return lines.join('\n');
}

function costRow({ name, runs, usd: spent, guessed_usd: guessed }: CostRow, hasGuesses: boolean): readonly string[] {
  const told = [`  ${toVisible(name)}`, `${runs} ${runs === 1 ? 'run' : 'runs'}`, usd(spent)];
  return hasGuesses ? [...told, guessed === 0 ? '' : `of which ${usd(guessed)} is a guess`] : told;
}

function budgetRow({ key, period, unit, most, spent, reserved, resets_at }: BudgetRow, paint: Paint): readonly string[] {
  const amount = (value: number): string => (unit === 'usd' ? usd(value) : String(value));
  const used = spent + reserved;
  const share = `${Math.round((used / most) * 100)} %`;
  const color = used >= most ? paint.red : used >= most * 0.8 ? paint.yellow : paint.green;
  const what = unit === 'usd' ? '' : ' runs';
  return [
    `  ${key}`,
    period === 'day' ? 'today' : 'this month',
    `${amount(used)} of ${amount(most)}${what}`,
    color(share),
    reserved > 0 ? `${amount(reserved)} of it set aside` : '',
    paint.dim(`anew ${resets_at}`),
  ];
}

function nextSteps({ budgets, by, costs }: CostsView, cadence: string | undefined): readonly string[] {
  const [first] = costs;
  if (budgets.length === 0 && costs.length > 0) return ['set budget: {day_usd: …} in a cadence, or in cadences/bus.yaml for all of them'];
  if (cadence === undefined && by === 'cadence' && first !== undefined) return [`cadence-bus costs ${first.name} --by day`, 'cadence-bus status'];
  return ['cadence-bus status'];
}
