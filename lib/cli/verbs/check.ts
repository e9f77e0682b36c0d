import { readDefined, requireCadence } from '../../app/defined.ts';
import { firesPerMonth, restateSchedule } from '../../app/next-slots.ts';
import { formatMicros, toMicros } from '../../core/budget.ts';
import type { Cadence } from '../../core/cadence.ts';
import { EXIT_CODES } from '../../core/error.ts';
import { formatLocal } from '../../core/local-time.ts';
import { monthlyCost } from '../../core/monthly-cost.ts';
import { formatProblem } from '../../core/problem-text.ts';
import { formatSlot } from '../../core/slot.ts';
import type { CommandContext } from '../command.ts';

export async function run({ words, out, root }: CommandContext): Promise<number> {
  const at = await root();
  const [only] = words;
  const { definitions, problems } =
    only === undefined ? readDefined(at) : { definitions: [requireCadence(at, only).definition], problems: requireCadence(at, only).definition.problems };
  const isRight = problems.length === 0;
  out.result({ ok: isRight, checked: definitions.length, problems, schedules: definitions.flatMap(({ name, cadence }) => viewOf(name, cadence)) }, () =>
    isRight
      ? `${out.paint.green('✓')} ${definitions.length} ${definitions.length === 1 ? 'definition is' : 'definitions are'} right.`
      : problems.map((problem) => `${out.paint.red('✗')} ${formatProblem(problem)}`).join('\n'),
  );
  if (isRight) for (const line of definitions.flatMap(({ name, cadence }) => restated(name, cadence))) out.note(`  ${line}`);
  out.next(isRight ? 'cadence-bus start' : 'mend the lines above; a running owner keeps the last good version meanwhile');
  return isRight ? 0 : EXIT_CODES.config;
}

/** Each schedule as it is understood, so that a slip in it is seen before it is missed. */
function restated(name: string, cadence: Cadence | undefined): readonly string[] {
  if (cadence?.schedule === undefined) return [];
  const { sentence, zone, nextMs } = restateSchedule(cadence.schedule);
  return [`${name}: ${sentence}`, `  next: ${nextMs.map((atMs) => formatLocal(atMs, zone)).join(', ')}`, ...costOf(cadence)];
}

function viewOf(name: string, cadence: Cadence | undefined): readonly Readonly<Record<string, unknown>>[] {
  if (cadence?.schedule === undefined) return [];
  const { sentence, zone, nextMs } = restateSchedule(cadence.schedule);
  return [{ cadence: name, sentence, timezone: zone.name, next: nextMs.map(formatSlot) }];
}

/** Only sessions cost money by themselves. */
function costOf({ run, budget, retry, schedule }: Cadence): readonly string[] {
  if (run.kind !== 'claude' || schedule === undefined) return [];
  const cap = budget?.runUsd === undefined ? undefined : toMicros(budget.runUsd);
  const { most, because } = monthlyCost({ budget, cap, attempts: retry.attempts }, firesPerMonth(schedule));
  return [`  at most ${most === undefined ? 'anything' : formatMicros(most)} a month: ${because}`];
}
