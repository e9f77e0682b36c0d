import type { RunRecord } from '../run.ts';
import { parseIso } from '../time/instant.ts';
import type { LocalDays } from '../time/local-day.ts';
import { type Micros, toMicros, type Used } from './budget.ts';
import { believedUsd } from './told-cost.ts';

/**
 * What was spent: a fold over the log of runs, per cadence and for the whole bus, by local day of the end of the run.
 * It grows in place, for it sees every record.
 */
export interface Spending {
  readonly bus: SpendingEntry;
  readonly cadences: Map<string, SpendingEntry>;
}

export interface SpendingEntry {
  /** By day, the latest ones: more than a month. */
  readonly days: Record<string, DayTally>;
  /** What the latest paid runs cost, oldest first. */
  readonly costs: Micros[];
}

export type DayTally = [spent: Micros, runs: number];

const MOST_DAYS = 32;
const MOST_COSTS = 40;

export function createSpending(): Spending {
  return { bus: blankEntry(), cadences: new Map() };
}

function blankEntry(): SpendingEntry {
  return { days: {}, costs: [] };
}

export function foldSpending({ bus, cadences }: Spending, run: RunRecord, days: LocalDays): void {
  const spent = spentBy(run);
  const runs = hasRun(run) ? 1 : 0;
  if (spent === 0 && runs === 0) return;
  const day = days.dayAt(parseIso(run.ended_at ?? run.started_at) ?? 0).name;
  const entry = cadences.get(run.cadence) ?? blankEntry();
  cadences.set(run.cadence, entry);
  const paid = costOf(run) ?? 0;
  add(entry, day, spent, runs, paid);
  add(bus, day, spent, runs, 0);
}

function add({ days, costs }: SpendingEntry, day: string, spent: Micros, runs: number, paid: Micros): void {
  const tally = days[day];
  if (tally === undefined) {
    days[day] = [spent, runs];
    forgetOldest(days);
  } else {
    tally[0] += spent;
    tally[1] += runs;
  }
  if (paid > 0 && costs.push(paid) > MOST_COSTS) costs.shift();
}

/** By its name, so that a clock which was wrong for a while displaces no day that counts. */
function forgetOldest(days: Record<string, DayTally>): void {
  const names = Object.keys(days);
  if (names.length <= MOST_DAYS) return;
  delete days[names.reduce((oldest, name) => (name < oldest ? name : oldest))];
}

/** Of a day (`2026-11-27`) or a month (`2026-11`). */
export function tallyOf(entry: SpendingEntry | undefined, period: string): Used {
  let [micros, runs] = [0, 0];
  for (const [day, [spent, count]] of Object.entries(entry?.days ?? {})) {
    if (!day.startsWith(period)) continue;
    micros += spent;
    runs += count;
  }
  return { micros, runs };
}

export function hasSpent({ days, costs }: SpendingEntry): boolean {
  return costs.length > 0 || Object.values(days).some(([micros]) => micros > 0);
}

/** What it cost, or what its budget was charged where nobody knows. Anything may stand in a log. */
export function spentBy(run: RunRecord): Micros {
  return costOf(run) ?? amountOf(run.charged_usd) ?? 0;
}

function costOf(run: RunRecord): Micros | undefined {
  return amountOf(run.cost_usd);
}

function amountOf(usd: unknown): Micros | undefined {
  const believed = believedUsd(usd);
  return believed === undefined ? undefined : toMicros(believed);
}

/** Whether there was a run at all: a tick may end without one, and a guard may find nothing to do. */
export function hasRun(run: RunRecord): boolean {
  switch (run.status) {
    case 'succeeded':
    case 'unverified':
    case 'failed':
    case 'interrupted':
    case 'waiting':
      return true;
    case 'dead':
      return run.blame !== undefined;
    case 'cancelled':
      return run.exit_code !== null || run.signal !== null || run.duration_ms > 0;
    case 'queued':
    case 'held':
    case 'running':
    case 'skipped':
    case 'coalesced':
    case 'expired':
      return false;
  }
}
