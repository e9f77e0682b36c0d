import type { AttemptStatus } from '../heal/attempt.ts';
import { believedUsd } from '../money/told-cost.ts';
import type { RunRecord } from '../run.ts';
import { type Ms, parseIso } from '../time/instant.ts';
import type { Incident } from './incident.ts';

/** What was tried for an incident, as the ledger holds it. */
export interface TriedFix {
  readonly timestamp: string;
  readonly incident_id: string;
  readonly detector: string;
  readonly source: string;
  readonly status: AttemptStatus;
  readonly description: string;
}

/** Since when; what failed most; what mended it; what that cost. */
export interface Analysis {
  readonly since: string;
  readonly totals: Readonly<
    Record<'runs' | 'succeeded' | 'failed' | 'given_up' | 'incidents_opened' | 'incidents_resolved' | 'fixes_tried' | 'fixes_kept' | 'fixes_recurred', number>
  >;
  readonly fails_most: readonly { readonly cadence: string; readonly failures: number; readonly runs: number }[];
  readonly detectors: readonly { readonly detector: string; readonly occurrences: number }[];
  readonly fixes: readonly FixRow[];
  /** Where it was known: all runs, and of it those that failed. */
  readonly cost_usd: number;
  readonly failed_cost_usd: number;
  /** What was spent on mending. */
  readonly healing_cost_usd: number;
}

/** How one way of mending has fared. */
export interface FixRow {
  readonly source: string;
  readonly detector: string;
  readonly tried: number;
  /** And it has not come back since. */
  readonly kept: number;
  /** It was kept, and came back within 7 days. */
  readonly recurred: number;
  readonly regressed: number;
  readonly crashed: number;
  readonly pending: number;
  /** Of those that are decided; null: none is. */
  readonly success: number | null;
}

export interface AnalyzeFrom {
  readonly since: string;
  /** Ended since then; those of the program itself are among them. */
  readonly runs: Iterable<RunRecord>;
  readonly incidents: readonly Incident[];
  readonly fixes: readonly TriedFix[];
}

const MOST_ROWS = 10;
const HEALING = /^bus-heal-/;

export function analyze({ since, runs, incidents, fixes }: AnalyzeFrom): Analysis {
  const sinceMs = parseIso(since) ?? 0;
  const isSince = (at: string | undefined): boolean => at !== undefined && (parseIso(at) ?? 0) >= sinceMs;
  const tried = fixes.filter(({ timestamp }) => isSince(timestamp));
  const counted = countRuns(runs);
  const recent = incidents.filter(({ last_at }) => isSince(last_at));
  return {
    since,
    totals: {
      ...counted.totals,
      incidents_opened: incidents.flatMap(({ episodes }) => episodes.filter(({ opened_at }) => isSince(opened_at))).length,
      incidents_resolved: incidents.flatMap(({ episodes }) => episodes.filter(({ ended_at }) => isSince(ended_at))).length,
      fixes_tried: tried.length,
      fixes_kept: tried.filter(({ status }) => status === 'kept').length,
      fixes_recurred: tried.filter(({ status }) => status === 'recurred').length,
    },
    fails_most: counted.failing,
    detectors: detectorsOf(recent, sinceMs),
    fixes: fixRows(tried),
    ...counted.money,
  };
}

interface Counted {
  readonly totals: Pick<Analysis['totals'], 'runs' | 'succeeded' | 'failed' | 'given_up'>;
  readonly failing: Analysis['fails_most'];
  readonly money: Pick<Analysis, 'cost_usd' | 'failed_cost_usd' | 'healing_cost_usd'>;
}

function countRuns(runs: Iterable<RunRecord>): Counted {
  const totals = { runs: 0, succeeded: 0, failed: 0, given_up: 0 };
  const money = { cost_usd: 0, failed_cost_usd: 0, healing_cost_usd: 0 };
  const by = new Map<string, { runs: number; failures: number }>();
  for (const { cadence, status, blame, cost_usd } of runs) {
    const cost = believedUsd(cost_usd) ?? 0;
    const isFailure = blame !== undefined;
    money.cost_usd += cost;
    if (isFailure) money.failed_cost_usd += cost;
    if (HEALING.test(cadence)) money.healing_cost_usd += cost;
    if (cadence.startsWith('bus-')) continue;
    const own = by.get(cadence) ?? { runs: 0, failures: 0 };
    by.set(cadence, own);
    own.runs += 1;
    totals.runs += 1;
    if (status === 'succeeded') totals.succeeded += 1;
    if (isFailure) [totals.failed, own.failures] = [totals.failed + 1, own.failures + 1];
    if (status === 'dead') totals.given_up += 1;
  }
  const failing = [...by].filter(([, { failures }]) => failures > 0).map(([cadence, own]) => ({ cadence, ...own }));
  return { totals, money, failing: failing.sort((a, b) => b.failures - a.failures || (a.cadence < b.cadence ? -1 : 1)).slice(0, MOST_ROWS) };
}

/** Of an episode that began before, only that it went on is known: it counts once. */
function detectorsOf(incidents: readonly Incident[], sinceMs: Ms): Analysis['detectors'] {
  const by = new Map<string, number>();
  for (const { detector, episodes } of incidents) {
    const count = episodes.reduce((sum, { opened_at, occurrences }) => sum + ((parseIso(opened_at) ?? 0) >= sinceMs ? occurrences : 0), 0);
    by.set(detector, (by.get(detector) ?? 0) + Math.max(1, count));
  }
  return [...by]
    .map(([detector, occurrences]) => ({ detector, occurrences }))
    .sort((a, b) => b.occurrences - a.occurrences || (a.detector < b.detector ? -1 : 1))
    .slice(0, MOST_ROWS);
}

function fixRows(fixes: readonly TriedFix[]): readonly FixRow[] {
  const by = new Map<string, TriedFix[]>();
  for (const fix of fixes) by.set(`${fix.source}\t${fix.detector}`, [...(by.get(`${fix.source}\t${fix.detector}`) ?? []), fix]);
  const rows = [...by.values()].map((group): FixRow => {
    const [{ source, detector }] = group as [TriedFix, ...TriedFix[]];
    const count = (status: TriedFix['status']): number => group.filter((fix) => fix.status === status).length;
    const [kept, pending] = [count('kept'), count('pending')];
    const decided = group.length - pending;
    return {
      source,
      detector,
      tried: group.length,
      kept,
      recurred: count('recurred'),
      regressed: count('regressed'),
      crashed: count('crashed'),
      pending,
      success: decided === 0 ? null : kept / decided,
    };
  });
  return rows.sort((a, b) => b.kept - a.kept || b.tried - a.tried || (a.source < b.source ? -1 : 1));
}
