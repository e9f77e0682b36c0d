import type { Ms } from './time/instant.ts';

/**
 * When a run has taken too long. Its timeout is time as it passes, a laptop's sleep included. Its idle time is not: who
 * slept could not print either, so a gap between two looks is held against it only as far as it was meant to be, and a few seconds more.
 */
export interface WatchLimits {
  /** 0: none. */
  readonly timeoutMs: Ms;
  readonly idleTimeoutMs: Ms;
  /** How long it may say nothing at all, the sleep of the machine not counted; undefined: for ever. */
  readonly firstOutputMs?: Ms | undefined;
}

export interface WatchState {
  readonly seenMs: Ms;
  readonly runningMs: Ms;
  readonly quietMs: Ms;
  /** Without a word since it began, or since we look; undefined once it has spoken. */
  readonly mutedMs: Ms | undefined;
  /** A count of its signs of life: the bytes of its output, or the lines of its stream. */
  readonly signs: number;
}

const LOOK_MS: Ms = 1000;
/** Who has been quiet for so long is looked at less and less often: what is quiet by the hundred must wake nobody all the time. */
const LONG_QUIET_MS: Ms = 15 * LOOK_MS;
const LONGEST_LOOK_MS: Ms = 15 * LOOK_MS;
const LATE_MS: Ms = 4 * LOOK_MS;

export function beginWatch(startedMs: Ms, nowMs: Ms, signs: number): WatchState {
  return { seenMs: nowMs, runningMs: Math.max(0, nowMs - startedMs), quietMs: 0, mutedMs: 0, signs };
}

/** A clock that was set back adds nothing, so that no deadline moves away for good and none comes early. */
export function look(state: WatchState, nowMs: Ms, signs: number, hasSpoken = true): WatchState {
  const gapMs = Math.max(0, nowMs - state.seenMs);
  const awakeMs = Math.min(gapMs, restMs(state) + LATE_MS);
  const quietMs = signs === state.signs ? state.quietMs + awakeMs : 0;
  const mutedMs = hasSpoken || state.mutedMs === undefined ? undefined : state.mutedMs + awakeMs;
  return { seenMs: nowMs, runningMs: state.runningMs + gapMs, quietMs, mutedMs, signs };
}

export function limitReached(state: WatchState, limits: WatchLimits): 'timeout' | 'idle' | 'hung_start' | undefined {
  if (limits.timeoutMs > 0 && state.runningMs >= limits.timeoutMs) return 'timeout';
  if (limits.idleTimeoutMs > 0 && state.quietMs >= limits.idleTimeoutMs) return 'idle';
  return limits.firstOutputMs !== undefined && (state.mutedMs ?? 0) >= limits.firstOutputMs ? 'hung_start' : undefined;
}

/** Then only a word of it makes a look worth its while. */
export function isLongQuiet({ quietMs }: WatchState): boolean {
  return quietMs >= LONG_QUIET_MS;
}

function restMs(state: WatchState): Ms {
  return isLongQuiet(state) ? Math.min(LONGEST_LOOK_MS, Math.round(state.quietMs / 4)) : LOOK_MS;
}

/** Once a second, more seldom after a long quiet, and exactly where a deadline comes sooner. */
export function nextLookMs(state: WatchState, limits: WatchLimits): Ms {
  const lookMs = restMs(state);
  const leftMs = limits.timeoutMs > 0 ? limits.timeoutMs - state.runningMs : lookMs;
  const leftQuietMs = limits.idleTimeoutMs > 0 ? limits.idleTimeoutMs - state.quietMs : lookMs;
  const leftMutedMs = limits.firstOutputMs !== undefined && state.mutedMs !== undefined ? limits.firstOutputMs - state.mutedMs : lookMs;
  return Math.max(1, Math.min(lookMs, leftMs, leftQuietMs, leftMutedMs));
}
