import { finishedEvent } from '../core/finished-event.ts';
import type { LogPosition } from '../core/holds.ts';
import type { RunRecord } from '../core/run.ts';
import type { Transition } from '../core/settle.ts';
import type { Ms } from '../core/time/instant.ts';
import type { Claim, Clock, Files, History, Journal, Queue, RunLog, Soon } from '../ports.ts';
import type { FollowUps } from './follow-ups.ts';
import type { HoldsBook } from './holds-book.ts';
import { isDiskFault, type StorageHealth, TRY_AGAIN_MS } from './storage-health.ts';

/**
 * How a run ends: record, flush, settle, follow up, conclude, announce. The record is written at once, so that our death repeats no run
 * that has ended; many ends share one flush, and in a burst those of some milliseconds do. A claimed file moves only after the line that ends its run is on disk; only
 * if the move was ours do holds change and waiters hear of it. When the disk fails, ends are kept in memory and tried
 * again until it holds.
 */
export interface Conclusion {
  /** Resolves when this end is settled, with whether the claim was still ours. */
  end(ended: Ended): Promise<boolean>;
  /** Records what ends without a run. It is in the page cache when this returns, unless the disk refuses: so note first, then move. */
  note(run: RunRecord): void;
  /** The same of ticks whose files will be gone after it: on disk when it resolves. Rejects where the disk refuses; ask again later. */
  noteOnDisk(runs: readonly RunRecord[]): Promise<void>;
  /** Ends that are not yet settled. */
  backlog(): number;
  /** Resolves when everything that has ended is settled. */
  idle(): Promise<void>;
  /** Nothing more will end soon that could share a flush. */
  hasten(): void;
  onRecord(see: (run: RunRecord) => void): void;
}

export interface Ended {
  readonly claim: Claim;
  readonly transition: Transition;
  readonly run: RunRecord;
  /** The folders of its children, removed at the very end. */
  readonly runDirs: readonly string[];
  /** Nobody waits for its settling, so in a burst it may share the flush of the ends that come soon after it. */
  readonly mayRest?: boolean;
}

/** From one flush to the next, where others are to come and nobody waits: a flush takes a short command's time, and slows every other change of the disk. */
const REST_MS: Ms = 8;
/** So many have a flush of their own, and at once. */
const MANY_ENDS = 64;

interface Pending extends Ended {
  readonly position: LogPosition;
  readonly done: (isOurs: boolean) => void;
  isTried?: boolean;
  /** Set once the move was made: when what follows meets a fault of the disk, it is not made again. */
  isOurs?: boolean;
  isConcluded?: boolean;
}

/** An end without a run, whose hooks and notices stand in line like those of runs. */
interface Noted {
  readonly noted: RunRecord;
}

export interface ConclusionDeps {
  readonly clock: Clock;
  readonly files: Files;
  readonly queue: Queue;
  readonly runLog: RunLog;
  readonly history: History;
  readonly journal: Journal;
  readonly book: HoldsBook;
  readonly health: StorageHealth;
  /** Of a run whose record the disk refuses. */
  readonly keepExit: (runDir: string) => void;
  /** What follows is done after the move and before the book forgets the record: a restart makes good what is missing. */
  readonly followUps: Pick<FollowUps, 'plan' | 'act'>;
  /** Takes what is no fault of the disk: the owner must end. */
  readonly onFault: (error: unknown) => void;
}

export function createConclusion(deps: ConclusionDeps): Conclusion {
  const { clock, files, queue, runLog, history, journal, book, health, keepExit, followUps, onFault } = deps;
  const listeners: ((run: RunRecord) => void)[] = [];
  /** What is recorded, and not yet in the log. */
  let unwritten = 0;
  const ends: (Pending | Noted)[] = [];
  /** Who waits for all of them. */
  let waiting = 0;
  const rest = createRest(clock, () => waiting > 0);
  let working: Promise<void> | undefined;
  let isBroken = false;

  function work(): void {
    working ??= drain()
      .catch(fail)
      .finally(() => {
        working = undefined;
        // An end that came after the last look and before this line must not wait for the next one.
        if (!isBroken && unwritten + ends.length > 0) work();
      });
  }

  function fail(error: unknown): void {
    isBroken = true;
    onFault(error);
  }

  async function drain(): Promise<void> {
    while (unwritten + ends.length > 0) {
      try {
        // What else ends in this slice shares the flush.
        await clock.breathe();
        runLog.write();
        await rest.untilDue();
        // What is recorded while the flush is under way is not covered by it.
        const covered = ends.length;
        rest.begin();
        await runLog.flush();
        for (let n = 0; n < covered; n += 1) {
          const [end] = ends as [Pending | Noted];
          if ('noted' in end) followUps.act(end.noted);
          else {
            const isOurs = end.isOurs ?? move(end);
            end.isOurs = typeof isOurs === 'boolean' ? isOurs : await isOurs;
            conclude(end);
          }
          ends.shift();
        }
        health.well('runs');
      } catch (error) {
        await waitForDisk(error);
      }
    }
  }

  function record(run: RunRecord, then: (position: LogPosition) => void): void {
    unwritten += 1;
    runLog.record(run, (position) => {
      unwritten -= 1;
      then(position);
    });
  }

  function tryToWrite(): boolean {
    try {
      runLog.write();
      return true;
    } catch (error) {
      // The drain tries again, and tells.
      if (!isDiskFault(error)) throw error;
      return false;
    }
  }

  async function waitForDisk(error: unknown): Promise<void> {
    if (!isDiskFault(error)) throw error;
    health.failed('runs', error.message);
    await new Promise<void>((resolve) => clock.after(TRY_AGAIN_MS, resolve));
  }

  function conclude(one: Pending): void {
    const { run } = one;
    if (one.isConcluded !== true) {
      if (one.isOurs === true) followUps.act(run);
      one.isConcluded = true;
      if (one.isOurs === true) {
        announce(run, one.transition);
        book.onEnd(run, one.position);
        for (const see of listeners) see(run);
      } else {
        journal.emit({ level: 'warn', stage: 'settle_lost', cadence: run.cadence, tick: run.tick, run_id: run.run_id });
      }
    }
    for (const runDir of one.runDirs) files.removeTree(runDir);
    one.done(one.isOurs === true);
  }

  /** A move that met a fault may have been made all the same: then the tick lies in the dlq, and what is missing is its report. */
  function move(one: Pending): Soon<boolean> {
    const { claim, transition, run } = one;
    const attempts = transition.to === 'dlq' ? history.attempts(run.cadence, run.tick) : [];
    const isFirst = one.isTried !== true;
    one.isTried = true;
    const isMoved = queue.settle(claim, transition, attempts);
    return isFirst ? isMoved : movedAgain(isMoved, one, attempts);
  }

  async function movedAgain(isMoved: Soon<boolean>, { transition, run }: Pending, attempts: readonly RunRecord[]): Promise<boolean> {
    if (!(await isMoved) && transition.to === 'dlq') queue.report(run, attempts);
    return true;
  }

  function announce(run: RunRecord, transition: Transition): void {
    const about = { cadence: run.cadence, tick: run.tick, run_id: run.run_id };
    const isFailure = run.blame !== undefined;
    journal.emit(finishedEvent(run, isFailure));
    if (transition.to === 'waiting') {
      journal.emit({
        level: isFailure ? 'warn' : 'info',
        stage: run.status === 'waiting' ? 'deferred' : 'retry_scheduled',
        ...about,
        retry_at: run.retry_at,
        because: transition.because,
      });
    } else if (transition.to === 'dlq') {
      journal.emit({ level: 'error', stage: 'dead_lettered', ...about, reason: transition.name.reason, because: transition.because, path: run.moves_to });
    }
  }

  function note(ended: readonly RunRecord[]): void {
    const runs = ended.map(followUps.plan);
    for (const run of runs) {
      record(run, () => {
        if (run.follow_ups !== undefined) ends.push({ noted: run });
      });
    }
    rest.end();
    tryToWrite();
    for (const run of runs) for (const see of listeners) see(run);
    work();
  }

  const backlog = (): number => unwritten + ends.length;

  return {
    end({ claim, transition, run: ended, runDirs, mayRest = false }) {
      const run = followUps.plan(ended);
      if (!mayRest || backlog() >= MANY_ENDS) rest.end();
      return new Promise((resolve) => {
        record(run, (position) => void ends.push({ claim, transition, run, runDirs, position, done: resolve }));
        if (!tryToWrite()) for (const runDir of runDirs) keepExit(runDir);
        work();
      });
    },
    note: (ended) => note([ended]),
    async noteOnDisk(runs) {
      note(runs);
      await runLog.flush();
    },
    backlog,
    async idle() {
      waiting += 1;
      rest.end();
      while (working !== undefined) await working;
      waiting -= 1;
    },
    hasten: rest.end,
    onRecord: (see) => {
      listeners.push(see);
    },
  };
}

/** Between two flushes of a burst. `end` holds for the next one too, if none is due now. */
function createRest(clock: Pick<Clock, 'nowMs' | 'after'>, isAwaited: () => boolean) {
  let begunMs = Number.NEGATIVE_INFINITY;
  let isOver = false;
  let wake: (() => void) | undefined;
  return {
    begin(): void {
      begunMs = clock.nowMs();
      isOver = false;
    },
    end(): void {
      isOver = true;
      wake?.();
    },
    async untilDue(): Promise<void> {
      const restMs = begunMs + REST_MS - clock.nowMs();
      // A clock that was set back must not make it longer.
      if (isOver || isAwaited() || restMs <= 0 || restMs > REST_MS) return;
      await new Promise<void>((resolve) => {
        const timer = clock.after(restMs, resolve);
        wake = () => {
          timer.close();
          resolve();
        };
      });
      wake = undefined;
    },
  };
}
