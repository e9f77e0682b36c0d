import type { Paths } from '../core/paths.ts';
import { isFinal, type RunRecord } from '../core/run.ts';
import { isTickId, parseRunId } from '../core/tick.ts';
import { dayOf, type Ms, parseIso } from '../core/time/instant.ts';
import type { Files, History } from '../ports.ts';
import { chainBackward } from './chain.ts';
import { createDigestReader, loadDigest } from './digest.ts';
import { type Found, recordsBackward } from './records.ts';

export interface HistoryDeps {
  readonly files: Pick<Files, 'list' | 'info' | 'read' | 'readRange' | 'open'>;
  readonly paths: Pick<Paths, 'runs'>;
}

/** A tick has few attempts, and they stand close together; behind so many other runs the log is searched instead. */
const ATTEMPTS_WITHIN = 500;

/** To look for one costs as much as to parse a tenth of the lines. */
const MOST_NEEDLES = 8;

/** Answers from the files alone. A call tells of the log as it is at that moment. */
export function createHistory({ files, paths }: HistoryDeps): History {
  const dir = paths.runs;
  const digestNow = createDigestReader(files, dir);

  return {
    keyed(sinceMs) {
      const firstDay = dayOf(sinceMs);
      const ids = new Set<string>();
      for (const { run } of recordsBackward(files, dir, { firstDay, needles: ['"key":', '"slot":'] })) if (isFinal(run.status)) ids.add(run.tick);
      return ids;
    },
    newest(runIds, among) {
      const newest = new Map<string, RunRecord>();
      if (runIds.size === 0) return newest;
      const needles = runIds.size <= MOST_NEEDLES ? [...runIds] : undefined;
      for (const { run } of recordsBackward(files, dir, { needles, enough: among })) {
        if (runIds.has(run.run_id) && !newest.has(run.run_id)) newest.set(run.run_id, run);
        if (newest.size === runIds.size) break;
      }
      return newest;
    },
    runs({ limit, ...query }) {
      const runs: RunRecord[] = [];
      if (limit <= 0) return runs;
      for (const run of eachRun({ files, paths }, query, digestNow)) if (runs.push(run) >= limit) break;
      return runs;
    },

    find(runOrTickId) {
      const wanted = parseRunId(runOrTickId);
      if (wanted === undefined && !isTickId(runOrTickId)) return undefined;
      for (const { run } of recordsBackward(files, dir, { needles: [runOrTickId] })) {
        if (wanted === undefined ? run.tick === runOrTickId : run.run_id === runOrTickId) return run;
      }
      return undefined;
    },

    attempts(cadence, tickId) {
      const head = digestNow().cadences.get(cadence)?.at;
      if (head === undefined || !isTickId(tickId)) return [];
      const near = collectAttempts(chainBackward(files, dir, cadence, head), tickId, ATTEMPTS_WITHIN);
      const all = near.isComplete ? near : collectAttempts(recordsBackward(files, dir, { needles: [tickId] }), tickId, Number.POSITIVE_INFINITY);
      return all.runs.filter((run) => run.cadence === cadence);
    },

    spending(zone) {
      const { digest } = loadDigest(files, dir, zone);
      return { spending: digest.spending, zone: digest.zone };
    },

    digest() {
      const { cadences } = digestNow();
      return Object.fromEntries([...cadences].map(([name, { at: _at, ...entry }]) => [name, entry]));
    },
  };
}

/** As `History.runs`, one by one and without end: for sums over so many that they would fill the memory. */
export function* eachRun(
  { files, paths }: HistoryDeps,
  { cadence, sinceMs, status }: Omit<Parameters<History['runs']>[0], 'limit'>,
  digestNow = createDigestReader(files, paths.runs),
): Generator<RunRecord> {
  // A line never stands in a segment older than the day of its writing, so older segments hold nothing younger.
  const firstDay = sinceMs === undefined ? undefined : dayOf(sinceMs);
  for (const { run, at } of newestFirst()) {
    if (firstDay !== undefined && at.day < firstDay) return;
    if ((status === undefined || run.status === status) && isSince(run, sinceMs)) yield run;
  }

  function newestFirst(): Iterable<Found> {
    if (cadence === undefined)
      return recordsBackward(files, paths.runs, { firstDay, needles: status === undefined ? undefined : [`"status":${JSON.stringify(status)}`] });
    const head = digestNow().cadences.get(cadence)?.at;
    return head === undefined ? [] : chainBackward(files, paths.runs, cadence, head);
  }
}

/** By its end, which is when it was recorded. */
function isSince(run: RunRecord, sinceMs: Ms | undefined): boolean {
  return sinceMs === undefined || (parseIso(run.ended_at ?? run.started_at) ?? 0) >= sinceMs;
}

/**
 * One record per run id, the newest, for a deferred attempt is recorded and runs again under the same id. The first
 * attempt is the end of the search: nothing of this tick stands before it that it does not replace.
 */
function collectAttempts(newestFirst: Iterable<Found>, tickId: string, within: number): { readonly runs: readonly RunRecord[]; readonly isComplete: boolean } {
  const runs: RunRecord[] = [];
  let seen = 0;
  for (const { run } of newestFirst) {
    if (run.tick === tickId && !runs.some((newer) => newer.run_id === run.run_id)) runs.unshift(run);
    if (run.tick === tickId && run.attempt <= 1) return { runs, isComplete: true };
    seen += 1;
    if (seen >= within) return { runs, isComplete: false };
  }
  return { runs, isComplete: true };
}
