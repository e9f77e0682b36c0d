import { beginWatch, isLongQuiet, limitReached, look, nextLookMs, type WatchLimits, type WatchState } from '../core/run-watch.ts';
import type { Ms } from '../core/time/instant.ts';
import { createSteadyTime } from '../core/time/steady-time.ts';
import type { Clock, Closeable, Files } from '../ports.ts';
import { type Output, sizeOf, unlessRefused } from './capture.ts';

export interface WatchedRun extends Output, WatchLimits {
  readonly startedMs: Ms;
  /** 0: none. */
  readonly logCapBytes: number;
  /** Bytes on stdout that are not its own words. */
  readonly stdoutBefore?: number;
  /** How long both logs are together, where that is known. */
  readonly startBytes?: number | undefined;
  /** Called at each look: whoever follows the output may have missed a hint. */
  onLook?(): void;
  /** Counts its signs of life, where bytes of output are none. */
  signs?(): number;
  /** Called once. */
  onLimit(cause: 'timeout' | 'idle' | 'hung_start'): void;
}

/**
 * All runs under way, looked at together: one timer once a second in all, and none while there is nothing to watch. Where
 * all have long been quiet it comes more seldom, and a hint of the first word of any brings it back: a flood is met as soon.
 */
export interface Watch {
  add(run: WatchedRun): Watched;
}

export interface Watched {
  /** Looks a last time at the logs, and cuts what is too long. */
  end(): LastLook;
}

export interface LastLook {
  /** How long they were. */
  readonly stdoutBytes: number;
  readonly stderrBytes: number;
  /** What the cap has dropped of them in all. */
  readonly droppedBytes: number;
}

export interface WatchDeps {
  readonly clock: Clock;
  readonly files: Files;
  /** Cuts a log to its cap while others append to it; answers what was dropped of it in all. */
  readonly cutLog: (path: string, capBytes: number) => number;
  /** Time since the machine began, sleep included: a clock that is set does not move it. */
  readonly sinceBootMs?: (() => Ms) | undefined;
}

interface Entry {
  readonly run: WatchedRun;
  state: WatchState;
  isReported: boolean;
  /** By path: what was dropped of it in all. */
  readonly dropped: Map<string, number>;
  /** Wait for a word of who has long been quiet. */
  ears: readonly Closeable[];
  /** It has said it: it is looked at with the next of them. */
  hasSpoken: boolean;
}

export function createWatch(deps: WatchDeps): Watch {
  const { clock } = deps;
  // A clock that is set forward by hours, as a machine without a battery does at each start, ends no run that has just begun.
  const steadyMs = createSteadyTime(clock.nowMs, deps.sinceBootMs);
  const entries = new Set<Entry>();
  let timer: Closeable | undefined;
  let dueMs = 0;

  function arm(inMs: Ms): void {
    timer?.close();
    dueMs = clock.nowMs() + inMs;
    timer = clock.after(inMs, () => {
      timer = undefined;
      const nowMs = steadyMs();
      for (const entry of [...entries]) {
        if (!isDue(entry, nowMs)) continue;
        inspect(deps, entry, nowMs);
        if (entries.has(entry)) listen(entry);
      }
      if (entries.size > 0 && timer === undefined) arm(Math.min(...[...entries].map((entry) => leftOf(entry, nowMs))));
    });
  }

  function hasten(inMs: Ms): void {
    if (timer === undefined || clock.nowMs() + inMs < dueMs) arm(inMs);
  }

  function listen(entry: Entry): void {
    const { run, state, ears } = entry;
    if (!isLongQuiet(state) || ears.length > 0) return;
    const hear = (): void => {
      if (entry.ears.length === 0) return;
      stopListening(entry);
      entry.hasSpoken = true;
      hasten(LOOK_MS);
    };
    entry.ears = [run.stdoutPath, run.stderrPath].map((path) => deps.files.watch(path, hear));
  }

  return {
    add(run) {
      const signs = run.signs?.() ?? run.startBytes ?? signsOf(deps.files, run);
      const state = { ...beginWatch(run.startedMs, clock.nowMs(), signs), seenMs: steadyMs() };
      const entry: Entry = { run, state, isReported: false, dropped: new Map(), ears: [], hasSpoken: false };
      entries.add(entry);
      hasten(waitFor(entry));
      return {
        end() {
          entries.delete(entry);
          stopListening(entry);
          if (entries.size === 0) {
            timer?.close();
            timer = undefined;
          }
          const [stdoutBytes, stderrBytes] = capLogs(deps, entry);
          return { stdoutBytes, stderrBytes, droppedBytes: totalOf(entry.dropped) };
        },
      };
    },
  };
}

const LOOK_MS: Ms = 1000;

function stopListening(entry: Entry): void {
  for (const ear of entry.ears) ear.close();
  entry.ears = [];
}

/** Of a run that is being stopped only the logs are of interest. */
function waitFor(entry: Entry): Ms {
  return entry.isReported ? LOOK_MS : nextLookMs(entry.state, entry.run);
}

/** Halfway to its own look it is looked at with others, so that many fall into step; and one who talks has none looked at all the time. */
function isDue(entry: Entry, nowMs: Ms): boolean {
  return entry.hasSpoken || leftOf(entry, nowMs) <= Math.max(1, waitFor(entry) / 2);
}

/** A clock that was set back makes nobody wait. */
function leftOf(entry: Entry, nowMs: Ms): Ms {
  const waitMs = waitFor(entry);
  const passedMs = nowMs - entry.state.seenMs;
  if (entry.hasSpoken) return Math.min(waitMs, LOOK_MS);
  return Math.max(1, passedMs < 0 ? 0 : waitMs - passedMs);
}

function inspect(deps: WatchDeps, entry: Entry, nowMs: Ms): void {
  const { run } = entry;
  entry.hasSpoken = false;
  run.onLook?.();
  const [stdoutBytes, stderrBytes] = sizesLeft(deps, entry);
  entry.state = look(entry.state, nowMs, run.signs?.() ?? stdoutBytes + stderrBytes, stdoutBytes > (run.stdoutBefore ?? 0));
  const cause = entry.isReported ? undefined : limitReached(entry.state, run);
  if (cause === undefined) return;
  entry.isReported = true;
  run.onLimit(cause);
}

/** How long they are once the cap has been seen to. Each is asked for once: runs are looked at by the hundred. */
function sizesLeft(deps: WatchDeps, entry: Entry): readonly [number, number] {
  const { run, dropped } = entry;
  const before = totalOf(dropped);
  const sizes = capLogs(deps, entry);
  return totalOf(dropped) === before ? sizes : [sizeOf(deps.files, run.stdoutPath), sizeOf(deps.files, run.stderrPath)];
}

/** Answers with how long they were. */
function capLogs(deps: WatchDeps, { run, dropped }: Entry): readonly [number, number] {
  const cap = (path: string): number => {
    const sizeBytes = sizeOf(deps.files, path);
    if (run.logCapBytes > 0 && sizeBytes > run.logCapBytes) unlessRefused(undefined, () => void dropped.set(path, deps.cutLog(path, run.logCapBytes)));
    return sizeBytes;
  };
  return [cap(run.stdoutPath), cap(run.stderrPath)];
}

function totalOf(dropped: ReadonlyMap<string, number>): number {
  return [...dropped.values()].reduce((sum, bytes) => sum + bytes, 0);
}

function signsOf(files: Files, run: WatchedRun): number {
  return run.signs?.() ?? sizeOf(files, run.stdoutPath) + sizeOf(files, run.stderrPath);
}
