import { accountAdvice, classOf } from '../core/agent/account-advice.ts';
import type { Breaker } from '../core/breaker.ts';
import { type CircuitView, circuitView, nextViewChangeMs } from '../core/circuit-view.ts';
import {
  breakerOf,
  DEFAULT_POLICIES,
  type Holds,
  holdsAfterRestart,
  holdsClamped,
  holdsOnEnd,
  holdsOnStart,
  isEmpty,
  type LogPosition,
  NO_HOLDS,
  type Policies,
  probedBy,
} from '../core/holds.ts';
import type { RunRecord } from '../core/run.ts';
import type { Ms } from '../core/time/instant.ts';
import type { Clock, Doc, Journal, RunLog } from '../ports.ts';
import { inTurns } from './in-turns.ts';
import { isDiskFault, type StorageHealth, TRY_AGAIN_MS } from './storage-health.ts';

/**
 * The holds, kept in memory and on disk. They are a fold over the log of runs: `through` says how far they have read it,
 * so runs that ended between the last writing and a crash are folded in at the next start.
 */
export interface HoldsBook {
  holds(): Holds;
  /**
   * Reads what is on disk, folds in the runs behind it, voids probes whose owner died. Answers with the runs folded in, read
   * anew from the log each time: without a book they are all that there ever were. Save it when what they ask for is done: a
   * second death before that must find them again.
   */
  load(): Promise<Iterable<RunRecord>>;
  onStart(keys: readonly string[], runId: string): void;
  /** A run of an earlier owner lives on. If it was a probe it still is: nobody may begin beside it, and its end decides. */
  onAdopt(runId: string): void;
  onEnd(run: RunRecord, end: LogPosition): void;
  /** An order changes the book. */
  change(next: Holds): void;
  /** Sees to what time changes: no hold is longer than it may be from now, and `circuit-open.json` tells the truth of now.
   *  Answers when it must be seen to again. */
  tend(): Ms | undefined;
  save(): void;
}

export interface HoldsBookDeps {
  readonly clock: Clock;
  readonly doc: Doc<Holds>;
  readonly view: Doc<CircuitView>;
  readonly runLog: RunLog;
  readonly journal: Journal;
  readonly health: StorageHealth;
  readonly policiesOf: (cadence: string) => Policies | undefined;
}

const SAVE_AFTER_RUNS = 20_000;

export function createHoldsBook(deps: HoldsBookDeps): HoldsBook {
  const { clock, doc, view, runLog, journal, health } = deps;
  let holds: Holds = NO_HOLDS;
  /** As the last owner left it, with its probes. */
  let inherited: Holds = NO_HOLDS;
  /** It moves with every run, the rest with few: so it is put into the book when that is saved. */
  let { through } = NO_HOLDS;
  let unsavedRuns = 0;
  let isUnsaved = false;
  let shown = '';

  function save(): void {
    doc.write({ ...holds, through });
    unsavedRuns = 0;
    isUnsaved = false;
    showView();
  }

  /** What counts is in memory, and the log of runs says the same: a disk that refuses the book is tried again later. */
  function trySave(): void {
    try {
      save();
      health.well('holds');
    } catch (error) {
      if (!isDiskFault(error)) throw error;
      isUnsaved = true;
      health.failed('holds', error.message);
    }
  }

  function showView(): Ms | undefined {
    const nowMs = clock.nowMs();
    const next = circuitView(holds, nowMs);
    const text = next === undefined ? '' : JSON.stringify({ ...next, generated: '' });
    if (text !== shown) {
      if (next === undefined) view.remove();
      else view.write(next);
      shown = text;
    }
    return nextViewChangeMs(holds, nowMs);
  }

  function fold(run: RunRecord): Holds {
    return holdsOnEnd(holds, run, deps.policiesOf(run.cadence) ?? DEFAULT_POLICIES, clock.random());
  }

  function announce(before: Holds, after: Holds, runId: string | undefined): void {
    for (const key of new Set([...Object.keys(before.breakers), ...Object.keys(after.breakers)])) {
      const [old, now] = [breakerOf(before, key), breakerOf(after, key)];
      if (old.state !== now.state) announceOne(key, old, now, runId);
    }
  }

  function announceOne(key: string, old: Breaker, now: Breaker, runId: string | undefined): void {
    const about = { key, ...(key.startsWith('cadence:') ? { cadence: key.slice(8) } : {}), ...(runId === undefined ? {} : { run_id: runId }) };
    const isOpen = (breaker: Breaker): boolean => breaker.state !== 'closed' && breaker.state !== 'backing_off';
    if (now.state === 'half_open') journal.emit({ level: 'info', stage: 'circuit_half_open', ...about });
    else if (now.state === 'open' || now.state === 'isolated' || now.state === 'blocked') {
      const until = 'until' in now ? { open_until: now.until } : {};
      journal.emit({ level: 'error', stage: 'circuit_opened', ...about, failures: now.failures, ...until, because: now.because, ...adviceOn(key, now) });
    } else if (isOpen(old)) journal.emit({ level: 'info', stage: 'circuit_closed', ...about });
  }

  function become(next: Holds, runId: string | undefined): void {
    if (next.breakers === holds.breakers && next.paused === holds.paused && next.probes === holds.probes) {
      holds = next;
      return;
    }
    const before = holds;
    holds = next;
    trySave();
    announce(before, next, runId);
  }

  return {
    holds: () => holds,
    async load() {
      holds = doc.read() ?? NO_HOLDS;
      shown = view.read() === undefined ? '' : 'unknown';
      const from = holds.through;
      through = runLog.position();
      let count = 0;
      for await (const run of inTurns(clock, runLog.since(from))) {
        holds = fold(run);
        count += 1;
      }
      inherited = holds;
      holds = holdsAfterRestart(holds);
      return { [Symbol.iterator]: () => firstOf(runLog.since(from), count) };
    },
    onStart(keys, runId) {
      become(holdsOnStart(holds, keys, runId), runId);
    },
    onAdopt(runId) {
      become(holdsOnStart(holds, probedBy(inherited, runId), runId), runId);
    },
    onEnd(run, end) {
      through = end;
      become(fold(run), run.run_id);
      unsavedRuns += 1;
      if (unsavedRuns >= SAVE_AFTER_RUNS) trySave();
    },
    change: (next) => become(next, undefined),
    tend() {
      if (isEmpty(holds.breakers) && shown === '' && !isUnsaved) return undefined;
      become(holdsClamped(holds, clock.nowMs(), deps.policiesOf), undefined);
      if (isUnsaved) trySave();
      return isUnsaved ? clock.nowMs() + TRY_AGAIN_MS : showView();
    },
    save,
  };
}

function* firstOf<T>(all: Iterable<T>, count: number): Generator<T> {
  let left = count;
  if (left === 0) return;
  for (const one of all) {
    yield one;
    left -= 1;
    if (left === 0) return;
  }
}

function adviceOn(key: string, breaker: Breaker): Readonly<Record<string, string>> {
  if (!key.startsWith('account:')) return {};
  const kind = classOf(breaker);
  return { ...(kind === undefined ? {} : { class: kind }), advice: accountAdvice(key.slice('account:'.length), breaker) };
}
