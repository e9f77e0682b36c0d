import type { Cadence } from '../../core/cadence.ts';
import { cadenceKey } from '../../core/holds.ts';
import { type Limit, type Micros, toMicros, toUsd } from '../../core/money/budget.ts';
import { busLimits, cadenceLimits, type Ledger, type Reservation } from '../../core/money/ledger.ts';
import { hasRun, spentBy } from '../../core/money/spending.ts';
import { believedUsd } from '../../core/money/told-cost.ts';
import type { RunRecord } from '../../core/run.ts';
import { formatRunId } from '../../core/tick.ts';
import { type Ms, parseIso, toIso } from '../../core/time/instant.ts';
import { createLocalDays, type LocalDays, monthOf } from '../../core/time/local-day.ts';
import { eachRun } from '../../history/history.ts';
import { goneBefore } from '../../history/records.ts';
import { readMachine } from '../../platform/machine.ts';
import { healersIn, loadDefinitions } from '../definitions/defined.ts';
import { createReading, type Reading } from '../reading.ts';
import { nowMs, unknownCadence } from '../root.ts';

export const COST_GROUPS = ['cadence', 'day', 'model'] as const;
export type CostGroup = (typeof COST_GROUPS)[number];

/** Money in dollars, in the names of `--json`. */
export interface CostRow {
  readonly name: string;
  readonly runs: number;
  readonly usd: number;
  /** As much of it as nobody told: what was set aside, or reckoned from tokens. */
  readonly guessed_usd: number;
}

export interface BudgetRow {
  /** `bus` or `cadence:<name>`. */
  readonly key: string;
  readonly period: 'day' | 'month';
  readonly unit: 'usd' | 'runs';
  readonly most: number;
  readonly spent: number;
  readonly reserved: number;
  readonly resets_at: string;
}

export interface CostsView {
  readonly ok: true;
  readonly since: string;
  /** Runs since then that ended before this day are on file no more: the budgets count them, the rows cannot. */
  readonly gone_before?: string;
  /** Whose calendar days are counted. */
  readonly zone: string;
  readonly by: CostGroup;
  readonly costs: readonly CostRow[];
  readonly total: Omit<CostRow, 'name'>;
  readonly reserved: readonly { readonly run_id: string; readonly cadence: string; readonly usd: number }[];
  readonly budgets: readonly BudgetRow[];
}

export interface CostsQuery {
  readonly cadence: string | undefined;
  /** undefined: since the beginning of this month. */
  readonly sinceMs: Ms | undefined;
  readonly by: CostGroup;
}

/** From files alone; no owner is needed. Throws `not_found` for a cadence that is neither defined nor ever ran. */
export function readCosts(root: string, { cadence, sinceMs: askedMs, by }: CostsQuery): CostsView {
  const reading = createReading(root);
  const { zone: ownZone } = readMachine();
  const { spending, zone } = reading.history.spending(ownZone);
  const days = createLocalDays(zone);
  const defined = loadDefinitions(root);
  const cadences = defined.all().flatMap((one) => one.cadence ?? []);
  const healers = healersIn(defined).flatMap((one) => (spending.cadences.has(one.name) ? (one.cadence ?? []) : []));
  const known = [...new Set([...reading.defined(), ...spending.cadences.keys()])];
  if (cadence !== undefined && !known.includes(cadence)) throw unknownCadence(cadence, known);
  const reserved = readReserved(reading);
  const sinceMs = askedMs ?? monthStart(days, nowMs());
  const { rows, total } = sumOf(eachRun(reading, { sinceMs, ...(cadence === undefined ? {} : { cadence }) }), [...cadences, ...healers], by, days);
  const ledger: Ledger = { spending, reserved: reserved.map(({ hold }) => hold), day: days.dayAt(nowMs()), monthEndMs: days.monthEndMs(nowMs()) };
  return {
    ok: true,
    since: toIso(sinceMs),
    ...goneSince(reading, sinceMs),
    zone,
    by,
    costs: rows,
    total,
    reserved: reserved
      .filter(({ hold }) => hold.cadence === (cadence ?? hold.cadence))
      .map(({ runId, hold }) => ({ run_id: runId, cadence: hold.cadence, usd: toUsd(hold.micros) })),
    budgets: [
      ...busLimits(defined.settings().budget, cadences, ledger).map((limit) => budgetRow('bus', limit)),
      ...[...cadences, ...healers]
        .filter(({ name }) => name === (cadence ?? name))
        .flatMap((one) => cadenceLimits(one, ledger).map((limit) => budgetRow(cadenceKey(one.name), limit))),
    ],
  };
}

/** What the rows lack, where retention has taken some of it. */
export function goneSince({ files, paths }: Pick<Reading, 'files' | 'paths'>, sinceMs: Ms): { readonly gone_before?: string } {
  const day = goneBefore(files, paths.runs);
  return day === undefined || sinceMs >= (parseIso(day) ?? 0) ? {} : { gone_before: day };
}

/** What the owner has set aside for runs that are still under way. */
function readReserved(reading: Reading): readonly { readonly runId: string; readonly hold: Reservation }[] {
  const running = new Set(reading.names('claimed').map(({ id, attempts }) => formatRunId(id, attempts)));
  return Object.entries(reading.purse().reserved)
    .filter(([runId]) => running.has(runId))
    .map(([runId, { cadence, usd }]) => ({ runId, hold: { cadence, micros: toMicros(usd) } }));
}

function monthStart(days: LocalDays, atMs: Ms): Ms {
  let day = days.dayAt(atMs);
  const month = monthOf(day.name);
  for (let before = days.dayAt(day.startMs - 1); monthOf(before.name) === month; before = days.dayAt(before.startMs - 1)) day = before;
  return day.startMs;
}

/** A run of a session, of a cadence with a budget, or one that has cost something. What never costs would drown the rest. */
function concernsMoney(run: RunRecord, cadences: readonly Cadence[]): boolean {
  if (spentBy(run) > 0) return true;
  return hasRun(run) && (run.prompt_path !== undefined || cadences.some(({ name, budget }) => name === run.cadence && budget !== undefined));
}

interface Share {
  readonly micros: Micros;
  readonly guessed: Micros;
  readonly runs: number;
}

function shareOf(run: RunRecord): Share {
  const micros = spentBy(run);
  const isGuess = run.cost_is_estimate === true || believedUsd(run.cost_usd) === undefined;
  return { micros, guessed: isGuess ? micros : 0, runs: hasRun(run) ? 1 : 0 };
}

const NOTHING: Share = { micros: 0, guessed: 0, runs: 0 };

function plus(one: Share, other: Share): Share {
  return { micros: one.micros + other.micros, guessed: one.guessed + other.guessed, runs: one.runs + other.runs };
}

function rowOf({ micros, guessed, runs }: Share): Omit<CostRow, 'name'> {
  return { runs, usd: toUsd(micros), guessed_usd: toUsd(guessed) };
}

interface Sums {
  readonly rows: readonly CostRow[];
  readonly total: Omit<CostRow, 'name'>;
}

/** Each run is forgotten once it is counted. */
function sumOf(runs: Iterable<RunRecord>, cadences: readonly Cadence[], by: CostGroup, days: LocalDays): Sums {
  const groups = new Map<string, Share>();
  let total = NOTHING;
  for (const run of runs) {
    if (!concernsMoney(run, cadences)) continue;
    total = plus(total, shareOf(run));
    for (const [name, share] of partsOf(run, by, days)) groups.set(name, plus(groups.get(name) ?? NOTHING, share));
  }
  const rows = [...groups].map(([name, share]) => ({ name, ...rowOf(share) }));
  const inOrder = by === 'day' ? rows.sort((a, b) => (a.name < b.name ? -1 : 1)) : rows.sort((a, b) => b.usd - a.usd || (a.name < b.name ? -1 : 1));
  return { rows: inOrder, total: rowOf(total) };
}

function partsOf(run: RunRecord, by: CostGroup, days: LocalDays): readonly (readonly [string, Share])[] {
  switch (by) {
    case 'cadence':
      return [[run.cadence, shareOf(run)]];
    case 'day':
      return [[days.dayAt(parseIso(run.ended_at) ?? 0).name, shareOf(run)]];
    case 'model':
      return modelParts(run);
  }
}

const UNKNOWN_MODEL = 'unknown';

/** What the models of a run told; what is left of its cost is nobody's. */
function modelParts(run: RunRecord): readonly (readonly [string, Share])[] {
  const whole = shareOf(run);
  const isGuess = whole.guessed > 0;
  const parts = Object.entries(run.tokens ?? {}).map(([model, { cost_usd }]) => {
    const micros = toMicros(believedUsd(cost_usd) ?? 0);
    return [model, { micros, guessed: isGuess ? micros : 0, runs: whole.runs }] as const;
  });
  const rest = whole.micros - parts.reduce((sum, [, { micros }]) => sum + micros, 0);
  if (parts.length > 0 && rest <= 0) return parts;
  return [
    ...parts,
    [run.model ?? UNKNOWN_MODEL, { micros: Math.max(0, rest), guessed: isGuess ? Math.max(0, rest) : 0, runs: parts.length > 0 ? 0 : whole.runs }],
  ];
}

function budgetRow(key: string, { period, unit, most, spent, reserved, resetsMs }: Limit): BudgetRow {
  const amount = (value: number): number => (unit === 'usd' ? toUsd(value) : value);
  return { key, period, unit, most: amount(most), spent: amount(spent), reserved: amount(reserved), resets_at: toIso(resetsMs) };
}
