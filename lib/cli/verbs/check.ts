import { type MonthlyCostView, readMonthlyCosts } from '../../app/answers/monthly-costs.ts';
import { restateSchedule, timerGaps } from '../../app/answers/next-slots.ts';
import { type Defined, readDefined, requireCadence, warningsOf } from '../../app/definitions/defined.ts';
import type { Cadence } from '../../core/cadence.ts';
import { EXIT_CODES } from '../../core/error.ts';
import { formatMicros, toMicros } from '../../core/money/budget.ts';
import { waitForSettings } from '../../core/money/unsettled.ts';
import { formatSlot } from '../../core/slot/slot.ts';
import { formatProblem } from '../../core/text/problem-text.ts';
import { formatLocal } from '../../core/time/local-time.ts';
import type { SchedulerKind } from '../../core/time/schedule.ts';
import type { CommandContext } from '../command.ts';

export async function run({ words, out, root }: CommandContext): Promise<number> {
  const at = await root();
  const [only] = words;
  const { definitions, problems, waiting } = only === undefined ? readDefined(at) : ofOne(requireCadence(at, only).definition);
  const isRight = problems.length === 0;
  const costs = readMonthlyCosts(
    at,
    definitions.flatMap(({ cadence }) => (cadence?.enabled === true ? [cadence] : [])),
  );
  const { scheduler } = readDefined(at).settings;
  const schedules = definitions.flatMap(({ name, cadence }) => viewOf(name, cadence, scheduler));
  const warnings = warningsOf(definitions);
  out.result({ ok: isRight, checked: definitions.length, problems, waiting, warnings, schedules, monthly_costs: costs }, () =>
    isRight
      ? [`${out.paint.green('✓')} ${definitions.length} ${definitions.length === 1 ? 'definition is' : 'definitions are'} right.`, ...costs.map(costLine)].join(
          '\n',
        )
      : problems.map((problem) => `${out.paint.red('✗')} ${formatProblem(problem)}`).join('\n'),
  );
  if (waiting.length > 0) out.note(`${out.paint.yellow('‖')} ${waitForSettings(waiting)}`);
  for (const warning of warnings) out.note(`${out.paint.yellow('!')} ${formatProblem(warning)}`);
  if (isRight) for (const line of definitions.flatMap(({ name, cadence }) => restated(name, cadence, scheduler))) out.note(`  ${line}`);
  out.next(isRight ? 'cadence-bus start' : 'mend the lines above; a running owner keeps the last good version meanwhile');
  return isRight ? 0 : EXIT_CODES.config;
}

/** Its problems say by themselves whether it waits for `bus.yaml`. */
function ofOne(definition: Defined['definitions'][number]): Pick<Defined, 'definitions' | 'problems' | 'waiting'> {
  return { definitions: [definition], problems: definition.problems, waiting: [] };
}

/** Each schedule as it is understood, so that a slip in it is seen before it is missed. */
function restated(name: string, cadence: Cadence | undefined, scheduler: SchedulerKind): readonly string[] {
  if (cadence?.schedule === undefined) return [];
  const { sentence, zone, nextMs } = restateSchedule(cadence.schedule);
  const gaps = timerGaps(cadence.schedule, scheduler)
    .slice(0, MOST_GAPS)
    .map((atMs) => formatLocal(atMs, zone));
  const told = gaps.length === 0 ? [] : [`  clocks change: the timer of ${scheduler} does not come at ${gaps.join(', ')}; the owner fires it 90s later`];
  return [`${name}: ${sentence}`, `  next: ${nextMs.map((atMs) => formatLocal(atMs, zone)).join(', ')}`, ...told];
}

const MOST_GAPS = 4;

function viewOf(name: string, cadence: Cadence | undefined, scheduler: SchedulerKind): readonly Readonly<Record<string, unknown>>[] {
  if (cadence?.schedule === undefined) return [];
  const { sentence, zone, nextMs } = restateSchedule(cadence.schedule);
  return [
    { cadence: name, sentence, timezone: zone.name, next: nextMs.map(formatSlot), without_timer: timerGaps(cadence.schedule, scheduler).map(formatSlot) },
  ];
}

/** What a month may cost at the most. */
export function describeMonthlyCost({ most_usd: most, because }: MonthlyCostView): string {
  return most === null ? 'nothing limits what it costs: set budget: {day_usd: …}' : `at most ${formatMicros(toMicros(most))} a month (${because})`;
}

const costLine = (cost: MonthlyCostView): string => `  ${cost.cadence}: ${describeMonthlyCost(cost)}`;
