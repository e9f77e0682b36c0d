import type { Ending, Outcome } from '../outcome.ts';
import type { Ms } from '../time/instant.ts';

/**
 * What a cadence, or the whole bus, may spend: per run, and per calendar day and month of local time. Runs are counted
 * for agents that do not tell what they cost. A limit that is undefined is none.
 */
export interface BudgetPolicy {
  readonly runUsd: number | undefined;
  readonly dayUsd: number | undefined;
  readonly monthUsd: number | undefined;
  readonly dayRuns: number | undefined;
  readonly monthRuns: number | undefined;
}

/** `run_usd` has no meaning for the bus: a run belongs to a cadence. */
export type BusBudget = Omit<BudgetPolicy, 'runUsd'>;

/** Whole millionths of a dollar, so that sums are exact. */
export type Micros = number;

export function toMicros(usd: number): Micros {
  return Math.round(usd * 1_000_000);
}

export function toUsd(micros: Micros): number {
  return micros / 1_000_000;
}

/** `$1.92`; of a few cents as many digits as tell them apart, for `$0.01 of $0.02 spent` would hold nobody: `$0.0106`, `$0.0042`. */
export function formatMicros(micros: Micros): string {
  if (micros >= 10_000 && micros < 100_000 && micros % 10_000 !== 0) return `$${(micros / 1_000_000).toFixed(4).replace(/0+$/, '')}`;
  if (micros === 0 || micros >= 10_000) return `$${(micros / 1_000_000).toFixed(2)}`;
  return `$${(micros / 1_000_000).toFixed(6).replace(/0+$/, '')}`;
}

// ── How much is set aside for a run ────────────────────────────────────────────────────────────────────────────────

/** Fewer runs than this tell nothing of what the next one costs. */
const LEAST_RUNS = 5;
/** What a run is taken to cost that has neither a past nor a cap. */
export const DEFAULT_RUN_USD = 1;

/** The most one run may cost: `budget.run_usd` or what claude itself is told, whichever is less. */
export function capOf(runUsd: number | undefined, maxUsd: number | undefined): Micros | undefined {
  const caps = [runUsd, maxUsd].filter((usd) => usd !== undefined);
  return caps.length === 0 ? undefined : toMicros(Math.min(...caps));
}

/** The cost that 19 of 20 past runs did not exceed; without enough of them the cap. Never more than the cap. */
export function expectedCost(costs: readonly Micros[], cap: Micros | undefined): Micros {
  const most = cap ?? Number.POSITIVE_INFINITY;
  if (costs.length < LEAST_RUNS) return cap ?? toMicros(DEFAULT_RUN_USD);
  const inOrder = costs.toSorted((a, b) => a - b);
  return Math.min(most, inOrder[Math.ceil(inOrder.length * 0.95) - 1] as Micros);
}

/** A limit, and what has been used of it. Amounts are micro-dollars, or runs. */
export interface Limit {
  readonly scope: 'cadence' | 'bus';
  readonly period: 'day' | 'month';
  readonly unit: 'usd' | 'runs';
  readonly most: number;
  readonly spent: number;
  /** For runs under way. */
  readonly reserved: number;
  /** When it begins anew. */
  readonly resetsMs: Ms;
}

/** What was used of a period's limits, by runs that are over. */
export interface Used {
  readonly micros: Micros;
  readonly runs: number;
}

export interface Periods<T> {
  readonly day: T;
  readonly month: T;
}

/** The limits that a policy sets. What is reserved counts in every period: it will be spent in the one that is then. */
export function limitsOf(scope: Limit['scope'], policy: BusBudget | undefined, used: Periods<Used>, reserved: Used, resetsMs: Periods<Ms>): readonly Limit[] {
  const limit = (period: Limit['period'], unit: Limit['unit'], most: number | undefined): readonly Limit[] => {
    if (most === undefined) return [];
    const [spent, held] = unit === 'usd' ? [used[period].micros, reserved.micros] : [used[period].runs, reserved.runs];
    return [{ scope, period, unit, most, spent, reserved: held, resetsMs: resetsMs[period] }];
  };
  const micros = (usd: number | undefined): Micros | undefined => (usd === undefined ? undefined : toMicros(usd));
  if (policy === undefined) return [];
  return [
    ...limit('day', 'usd', micros(policy.dayUsd)),
    ...limit('month', 'usd', micros(policy.monthUsd)),
    ...limit('day', 'runs', policy.dayRuns),
    ...limit('month', 'runs', policy.monthRuns),
  ];
}

/** A limit that is less than one run is expected to cost lets one through all the same, while nothing else is spent: it would never let any through else. */
export function reservationFor(expected: Micros, limits: readonly Limit[]): Micros {
  return Math.min(expected, ...limits.flatMap(({ unit, most }) => (unit === 'usd' ? [most] : [])));
}

export interface Shortage {
  readonly scope: Limit['scope'];
  /** In words, with figures. */
  readonly because: string;
  /** When all that is short begins anew. It may fit before that: a run under way may cost less than was set aside for it. */
  readonly untilMs: Ms;
}

/** Why a run that needs so much may not start now; undefined: it fits. */
export function shortageIn(limits: readonly Limit[], need: Micros): Shortage | undefined {
  const short = limits.filter(({ unit, most, spent, reserved }) => spent + reserved + (unit === 'usd' ? need : 1) > most);
  const last = short.reduce<Limit | undefined>((latest, limit) => (latest !== undefined && latest.resetsMs >= limit.resetsMs ? latest : limit), undefined);
  return last === undefined ? undefined : { scope: last.scope, because: shortageText(last, need), untilMs: last.resetsMs };
}

/** More is spent or reserved than a limit of money allows: a run has cost more than was set aside for it. */
export function isOverspent(limits: readonly Limit[]): boolean {
  return limits.some(({ unit, most, spent, reserved }) => unit === 'usd' && spent + reserved > most);
}

function shortageText({ scope, period, unit, most, spent, reserved }: Limit, need: Micros): string {
  const when = `${scope === 'bus' ? 'the whole bus, ' : ''}${period === 'day' ? 'today' : 'this month'}`;
  const used = spent + reserved;
  const how = reserved === 0 ? 'spent' : spent === 0 ? 'reserved' : 'spent or reserved';
  if (unit === 'runs') return `${when} ${used} of ${most} runs ${reserved === 0 ? 'used' : 'used or under way'}`;
  return `${when} ${formatMicros(used)} of ${formatMicros(most)} ${how}, a run needs about ${formatMicros(need)}`;
}

// ── What a run is charged ──────────────────────────────────────────────────────────────────────────────────────────

export interface EndOfRun {
  readonly kind: 'inline' | 'command' | 'claude' | 'agent';
  readonly outcome: Outcome;
  readonly ending: Ending | undefined;
  readonly costUsd: number | undefined;
  /** false: it ended before it began, by its guard or by us. */
  readonly hasRun: boolean;
}

/** What a budget is charged beside what the run says that it cost: all that was set aside, where money may have flowed and nobody knows how much. */
export function unknownCost(end: EndOfRun, reserved: Micros): Micros {
  return end.costUsd === undefined && mayHaveSpent(end) ? reserved : 0;
}

const TURNED_AWAY: readonly string[] = ['auth', 'billing'];

/**
 * An agent that says so and tells no cost: an account with a dead key, or without money, has nothing to pay with. The probes of
 * such an account would else use up the day's budget, and hold its cadences long after the key is mended.
 */
function isTurnedAway(outcome: Outcome): boolean {
  return (outcome.kind === 'fail' || outcome.kind === 'give_up') && outcome.blame === 'account' && TURNED_AWAY.includes(outcome.class ?? '');
}

function mayHaveSpent({ kind, outcome, ending, hasRun }: EndOfRun): boolean {
  if (!hasRun || outcome.kind === 'skip') return false;
  if (kind === 'agent' && isTurnedAway(outcome)) return false;
  if (ending === undefined) return kind === 'inline';
  if (ending.spawnError !== null) return false;
  // A session says its first word before it asks the API for anything; of one that was lost the words may be lost too,
  // and so are they of one that ended well and said none: a full disk took them.
  return kind !== 'claude' || ending.stdoutTail !== '' || ending.stoppedFor === 'lost' || ending.code === 0;
}
