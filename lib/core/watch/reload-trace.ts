import { LEARNING_MS } from '../incident/learning.ts';
import { isTimerLate, type SlotLine } from '../slot/line.ts';
import { type Ms, parseIso, toIso } from '../time/instant.ts';

/**
 * What became of the reloads of a timer: whether it asked for the first slot that was due after it had been given to the
 * manager anew. Names on disk, so snake_case.
 */
export interface ReloadTrace {
  readonly at: string;
  /** null: nobody knows yet. */
  readonly held: boolean | null;
}

/** By cadence, oldest first. */
export type ReloadTraces = Readonly<Record<string, readonly ReloadTrace[]>>;

const MOST_TRACES = 50;

export interface ReloadRound {
  /** Cadences that have a timer now. */
  readonly timers: readonly string[];
  /** Cadences whose timer was given to the manager anew on this round, and taken. */
  readonly reloaded: readonly string[];
  readonly atMs: Ms;
  /** Lines of the slot ledger since then, newest first. */
  readonly linesOf: (cadence: string, sinceMs: Ms) => Iterable<SlotLine>;
}

/** What is known after one more round of the watchman. What is older than what is learned from is forgotten. */
export function tracesAfter(before: ReloadTraces, { timers, reloaded, atMs, linesOf }: ReloadRound): ReloadTraces {
  const now: Record<string, readonly ReloadTrace[]> = {};
  for (const name of timers) {
    const isAnew = reloaded.includes(name);
    const judged = (Object.hasOwn(before, name) ? (before[name] ?? []) : []).flatMap(({ at, held }): readonly ReloadTrace[] => {
      const sinceMs = parseIso(at) ?? 0;
      if (!isRemembered(sinceMs, atMs)) return [];
      const told = held ?? heldSince(linesOf(name, sinceMs), sinceMs);
      // What has to be reloaded once more before it ever came did not hold.
      return [{ at, held: told ?? (isAnew ? false : null) }];
    });
    const all = isAnew ? [...judged, { at: toIso(atMs), held: null }] : judged;
    if (all.length > 0) now[name] = all.slice(-MOST_TRACES);
  }
  return now;
}

/** A clock that was set back leaves traces in the future, which say nothing any more. */
function isRemembered(ms: Ms, nowMs: Ms): boolean {
  return ms >= nowMs - LEARNING_MS && ms <= nowMs;
}

/** By the first slot due after the reload that tells: the timer asked for it, or the owner had to. Lines come newest first. */
function heldSince(lines: Iterable<SlotLine>, sinceMs: Ms): boolean | null {
  let held: boolean | null = null;
  for (const line of lines) {
    if (line.kind !== 'fired' || (parseIso(line.slot) ?? 0) <= sinceMs) continue;
    if (line.by === 'timer') held = true;
    else if (isTimerLate(line.because)) held = false;
  }
  return held;
}

/** How often in thirty days its timer was loaded anew, and it did not hold; by cadence, none that is 0. */
export function reloadsInVain(traces: ReloadTraces | undefined, nowMs: Ms): ReadonlyMap<string, number> {
  const counted = Object.entries(traces ?? {}).map(([name, all]) => {
    const failed = all.filter(({ at, held }) => held === false && isRemembered(parseIso(at) ?? 0, nowMs));
    return [name, failed.length] as const;
  });
  return new Map(counted.filter(([, times]) => times > 0));
}
