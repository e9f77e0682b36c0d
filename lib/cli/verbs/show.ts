import { type AgentView, viewAgents } from '../../app/answers/agent-view.ts';
import { overlapOf, viewCadence } from '../../app/answers/cadence-view.ts';
import { lookupHeld } from '../../app/answers/held-record.ts';
import { withHooks } from '../../app/answers/hook-results.ts';
import { type MonthlyCostView, readMonthlyCosts } from '../../app/answers/monthly-costs.ts';
import { decidedSlots, nextSlotOf } from '../../app/answers/next-slots.ts';
import { describeOverlay, type OverlayView, readOverlays } from '../../app/answers/overlays.ts';
import { describeVerify } from '../../app/answers/verify-view.ts';
import { requireCadence } from '../../app/definitions/defined.ts';
import { idOfOutput } from '../../app/following.ts';
import { createReading } from '../../app/reading.ts';
import { nowMs } from '../../app/root.ts';
import type { Cadence } from '../../core/cadence.ts';
import { CadenceError } from '../../core/error.ts';
import type { LadderPolicy } from '../../core/heal/rung.ts';
import { type BudgetPolicy, formatMicros, toMicros } from '../../core/money/budget.ts';
import { toVisible } from '../../core/text/excerpt.ts';
import { formatProblem } from '../../core/text/problem-text.ts';
import { isTickId, parseRunId } from '../../core/tick.ts';
import { formatDuration } from '../../core/time/duration.ts';
import { describeSchedule } from '../../core/time/schedule-sentence.ts';
import type { CommandContext } from '../command.ts';
import { table } from '../output.ts';
import { describeMonthlyCost } from './check.ts';
import { describeRun } from './list.ts';
import { describeRecord } from './runs.ts';

export async function run({ words, out, root }: CommandContext): Promise<number> {
  const [what] = words;
  if (what === undefined)
    throw new CadenceError('usage', 'show needs the name of a cadence, or the id of a run or a tick', 'See cadence-bus list and cadence-bus runs.');
  const at = await root();
  const reading = createReading(at);
  if (parseRunId(what) !== undefined || (isTickId(what) && !reading.defined().includes(what))) {
    const record = await lookupHeld(at, what);
    const told = await withHooks(at, record);
    out.result({ ok: true, ...told }, () => describeRecord(told));
    const said = idOfOutput(record);
    out.next(...(said === undefined ? [] : [`cadence-bus logs ${said}`]), `cadence-bus events ${record.tick}`);
    return 0;
  }
  const { definition, cadence } = requireCadence(at, what);
  const { name, path, problems } = definition;
  const [cost] = cadence === undefined ? [] : readMonthlyCosts(at, [cadence]);
  const view = cadence === undefined ? null : viewCadence(cadence);
  const next = cadence === undefined ? null : nextSlotOf(cadence, decidedSlots(reading));
  const [overlay] = await readOverlays(reading, name);
  const agents = cadence === undefined ? [] : viewAgents(cadence, reading.holds(), nowMs());
  out.result({ ok: true, name, path, problems, cadence: view, agents, next_slot: next, monthly_cost: cost ?? null, overlay: overlay ?? null }, () =>
    cadence === undefined ? `${name}  ${path}` : describeCadence(cadence, { cost, next, agents, overlay }),
  );
  for (const problem of problems) out.note(`${out.paint.red('✗')} ${formatProblem(problem)}`);
  out.next(`cadence-bus enqueue ${name}`, `cadence-bus runs ${name}`);
  return 0;
}

function describeNext({ at, due, timezone }: NonNullable<ReturnType<typeof nextSlotOf>>): string {
  return `${at} (${timezone})${due === at ? '' : `, due ${due}`}`;
}

/** The rungs in their order, as they were written. */
function describeLadder({ rungs, diagnose }: LadderPolicy): string {
  const words = rungs.map(({ when, action }) =>
    `${when?.detector ?? (when?.message === undefined ? '' : `/${when.message}/`)} ${action.kind.replaceAll('_', ' ')}`.trim(),
  );
  return [...words, ...(diagnose === undefined ? [] : ['for what is no failure an agent'])].join(', then ') || 'bounds only';
}

function describeBudget(budget: BudgetPolicy | undefined): string {
  const usd = (amount: number | undefined, per: string): readonly string[] => (amount === undefined ? [] : [`${formatMicros(toMicros(amount))} ${per}`]);
  const runs = (count: number | undefined, per: string): readonly string[] => (count === undefined ? [] : [`${count} runs ${per}`]);
  const { runUsd, dayUsd, monthUsd, dayRuns, monthRuns } = budget ?? {};
  const parts = [...usd(runUsd, 'a run'), ...usd(dayUsd, 'a day'), ...usd(monthUsd, 'a month'), ...runs(dayRuns, 'a day'), ...runs(monthRuns, 'a month')];
  return parts.join(', ') || 'none';
}

function describeAgents(cadence: Cadence, agents: readonly AgentView[]): readonly (readonly [string, string])[] {
  return agents.map(({ name, state, because, until, account }, index) => {
    const run = cadence.slots?.[index]?.run ?? cadence.run;
    const held = state === 'passed_over' ? ` ${until === null ? '' : `until ${until}, `}${toVisible(because)}` : '';
    return [
      index === 0 ? 'agents' : '',
      `${name}: ${state.replace('_', ' ')}${held}; ${describeRun({ ...cadence, run })}${account === null ? '' : ` (account ${account})`}`,
    ];
  });
}

interface Shown {
  readonly cost: MonthlyCostView | undefined;
  readonly next: ReturnType<typeof nextSlotOf>;
  readonly agents: readonly AgentView[];
  readonly overlay: OverlayView | undefined;
}

function describeCadence(cadence: Cadence, { cost, next, agents, overlay }: Shown): string {
  const { retry, breaker } = cadence;
  const span = (ms: number): string => (ms === 0 ? 'none' : formatDuration(ms));
  const rows: readonly (readonly [string, string])[] = [
    ['name', cadence.name],
    ['file', cadence.path],
    ['about', cadence.description],
    ...(agents.length === 0 ? [['runs', describeRun(cadence)] as const] : describeAgents(cadence, agents)),
    ['guard', cadence.guard === undefined ? 'none' : describeRun({ ...cadence, run: cadence.guard })],
    ['schedule', cadence.schedule === undefined ? 'none; it runs when it is asked to' : describeSchedule(cadence.schedule)],
    ...(cadence.schedule === undefined ? [] : [['next', next === null ? 'never, as it stands' : describeNext(next)] as const]),
    ['enabled', cadence.enabled ? 'yes' : 'no'],
    ['lane', cadence.lane],
    ['workspace', cadence.workspace ?? 'none'],
    ['overlap', overlapOf(cadence)],
    ['timeout', `${span(cadence.timeoutMs)}, without output ${span(cadence.idleTimeoutMs)}, then ${span(cadence.killGraceMs)} to end`],
    ['expires', cadence.expiresMs === undefined ? 'never' : formatDuration(cadence.expiresMs)],
    [
      'retry',
      `${retry.attempts} tries in all, ${retry.delaysMs.map(formatDuration).join(', ') || 'at once'} between them (±${Math.round(retry.jitter * 100)} %)`,
    ],
    [
      'breaker',
      `opens after ${breaker.failures} failed tries in a row for ${formatDuration(breaker.openMs)}, doubling to at most ${formatDuration(breaker.maxOpenMs)}`,
    ],
    ['budget', describeBudget(cadence.budget)],
    ['a month', cost === undefined ? 'nothing, as far as it has told' : describeMonthlyCost(cost)],
    ['evidence', describeVerify(cadence.verify)],
    ...(overlay === undefined ? [] : [['set', toVisible(describeOverlay(overlay))] as const]),
    ...(cadence.ladder === undefined ? [] : [['on failure', describeLadder(cadence.ladder)] as const]),
    ['needs', cadence.requiredEnv.join(', ') || 'no environment variable'],
  ];
  return table(rows.map(([key, value]) => [`  ${key}`, value]));
}
