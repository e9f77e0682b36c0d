import { retryDelayMs } from './backoff.ts';
import type { BreakerPolicy, RetryPolicy } from './cadence.ts';
import { type Ms, parseIso, toIso } from './time/instant.ts';

/**
 * One key's breaker.
 *
 *     closed ──fail──▶ backing_off ──n-th in a row──▶ open ──time──▶ half_open: one probe ──ok──▶ closed
 *                                                      ▲                              └─fail─▶ open, twice as long
 *     any ──operator──▶ isolated          any ──a cause that names its end──▶ blocked ──time──▶ half_open
 *     any ──a cause that time alone does not mend──▶ open, for the longest time
 *
 * It is plain JSON, written as it is. Failures while it is open never lengthen the opening, nor does that of a run which was forced before its
 * time was over. A block whose end was named and was none holds longer each time, for an end that is always near would be a
 * run every second. A probe is remembered by its
 * run; when its owner dies the probe is void (`afterRestart`), and the next tick is the probe. `class` is what kind of failure
 * it was, where that is known: what an account's holder is advised to do depends on it.
 */
export type Breaker =
  | { readonly state: 'closed'; readonly failures: number }
  | ({ readonly state: 'backing_off'; readonly failures: number; readonly until: string } & Blamed)
  | ({ readonly state: 'open'; readonly failures: number; readonly until: string; readonly open_ms: Ms } & Blamed)
  | ({ readonly state: 'half_open'; readonly failures: number; readonly probe_id: string; readonly until: string; readonly open_ms: Ms } & Blamed)
  | { readonly state: 'isolated'; readonly failures: number; readonly since: string; readonly because: string }
  /** `open_ms`: for how long at the least, where the end that was named before proved to be none. */
  | ({ readonly state: 'blocked'; readonly failures: number; readonly until: string; readonly open_ms?: Ms | undefined } & Blamed);

/** The failure that it is held for. */
interface Blamed {
  readonly because: string;
  readonly run_id: string;
  readonly class?: string | undefined;
}

export const CLOSED: Breaker = { state: 'closed', failures: 0 };

export interface Failure {
  readonly runId: string;
  readonly because: string;
  readonly class?: string | undefined;
  readonly nowMs: Ms;
  readonly random: number;
}

/** When the key may run again: 0 now, Infinity until a human says so or the probe under way ends. */
export function freeAtMs(breaker: Breaker): Ms {
  switch (breaker.state) {
    case 'closed':
      return 0;
    case 'backing_off':
    case 'open':
    case 'blocked':
      return parseIso(breaker.until) ?? 0;
    case 'half_open':
    case 'isolated':
      return Number.POSITIVE_INFINITY;
  }
}

/**
 * A clock that was set back must not hold a key for a year: what ends later than the longest hold from now ends then.
 * The new end is written down, for one that is counted from each now anew would never come.
 */
export function clamped(breaker: Breaker, nowMs: Ms, maxMs: Ms): Breaker {
  switch (breaker.state) {
    case 'backing_off':
    case 'open':
    case 'blocked':
      return (parseIso(breaker.until) ?? 0) > nowMs + maxMs ? { ...breaker, until: toIso(nowMs + maxMs) } : breaker;
    case 'closed':
    case 'half_open':
    case 'isolated':
      return breaker;
  }
}

/** It need not wait any longer before its next try; an opening is not cut short. */
export function rushed(breaker: Breaker, nowMs: Ms): Breaker {
  return breaker.state === 'backing_off' && (parseIso(breaker.until) ?? 0) > nowMs ? { ...breaker, until: toIso(nowMs) } : breaker;
}

/** A run of this key begins. Out of an opening that is over, it is the probe. */
export function onStart(breaker: Breaker, runId: string): Breaker {
  if (breaker.state === 'open') return { ...breaker, state: 'half_open', probe_id: runId };
  return breaker.state === 'blocked' ? { ...breaker, state: 'half_open', probe_id: runId, open_ms: breaker.open_ms ?? 0 } : breaker;
}

/** The key has proved itself. Only the probe may close an opening: an older run that ends well late proves nothing. */
export function onSuccess(breaker: Breaker, runId: string): Breaker {
  switch (breaker.state) {
    case 'closed':
      return breaker.failures === 0 ? breaker : CLOSED;
    case 'backing_off':
      return CLOSED;
    case 'half_open':
      return breaker.probe_id === runId ? CLOSED : breaker;
    case 'open':
    case 'blocked':
    case 'isolated':
      return breaker;
  }
}

export function onFailure(breaker: Breaker, policy: BreakerPolicy, retry: RetryPolicy, failure: Failure): Breaker {
  const { runId, nowMs, random } = failure;
  switch (breaker.state) {
    case 'open':
    case 'blocked':
    case 'isolated':
      return breaker;
    case 'half_open':
      if (breaker.probe_id !== runId) return breaker;
      return isEarly(breaker, nowMs) ? reopened(breaker) : opened(breaker.failures + 1, nextOpenMs(breaker.open_ms, policy), failure);
    case 'closed':
    case 'backing_off': {
      const failures = breaker.failures + 1;
      if (failures >= policy.failures) return opened(failures, policy.openMs, failure);
      const delayMs = retryDelayMs(retry, failures, random);
      return { state: 'backing_off', failures, until: toIso(nowMs + delayMs), ...blamed(failure) };
    }
  }
}

/** A run of this key was ended by us or by an operator: a probe it was is void, nothing else changes. */
export function onInterrupted(breaker: Breaker, runId: string): Breaker {
  return breaker.state === 'half_open' && breaker.probe_id === runId ? reopened(breaker) : breaker;
}

/** A cause that does not go away by itself in seconds: trying again at once would be in vain, so the first failure opens. */
export function onLasting(breaker: Breaker, openMs: Ms, policy: BreakerPolicy, failure: Failure): Breaker {
  switch (breaker.state) {
    case 'open':
    case 'blocked':
    case 'isolated':
      return breaker;
    case 'half_open':
      if (breaker.probe_id !== failure.runId) return breaker;
      if (isEarly(breaker, failure.nowMs)) return reopened(breaker);
      return opened(breaker.failures + 1, Math.max(openMs, nextOpenMs(breaker.open_ms, policy)), failure);
    case 'closed':
    case 'backing_off':
      return opened(breaker.failures + 1, openMs, failure);
  }
}

/** The account, or the far end, said until when. Not counted. Of two ends that are named the later one holds. */
export function onBlocked(breaker: Breaker, namedMs: Ms, failure: Failure): Breaker {
  if (breaker.state === 'isolated' || (breaker.state === 'half_open' && breaker.probe_id !== failure.runId)) return breaker;
  const openMs = leastBlockMs(breaker, failure.nowMs);
  const untilMs = Math.max(namedMs, breaker.state === 'half_open' ? failure.nowMs + openMs : heldUntilMs(breaker));
  return { state: 'blocked', failures: breaker.failures, until: toIso(untilMs), ...(openMs === 0 ? {} : { open_ms: openMs }), ...blamed(failure) };
}

const FIRST_BLOCK_MS: Ms = 60_000;
/** Beyond it the named end is what counts. */
const LONGEST_LEAST_MS: Ms = 30 * 60_000;

/** The end that was named has come, and its probe is told of another one: twice as long each time, until a probe ends well. */
function leastBlockMs(breaker: Breaker, nowMs: Ms): Ms {
  if (breaker.state === 'blocked') return breaker.open_ms ?? 0;
  if (breaker.state !== 'half_open') return 0;
  return isEarly(breaker, nowMs) ? breaker.open_ms : Math.min(Math.max(breaker.open_ms * 2, FIRST_BLOCK_MS), LONGEST_LEAST_MS);
}

const heldUntilMs = (breaker: Breaker): Ms => (breaker.state === 'open' || breaker.state === 'blocked' ? (parseIso(breaker.until) ?? 0) : 0);

/** The owner of the probe is gone, so is the probe. What was held stays held: a restart is not a reset. */
export function afterRestart(breaker: Breaker): Breaker {
  return breaker.state === 'half_open' ? reopened(breaker) : breaker;
}

export function tripped(breaker: Breaker, because: string, nowMs: Ms): Breaker {
  return { state: 'isolated', failures: breaker.failures, since: toIso(nowMs), because };
}

/** A human says "try again": what has failed lets one run through first, and all others when that has proved it. */
export function probing(breaker: Breaker, nowMs: Ms): Breaker {
  if (breaker.failures === 0 && breaker.state !== 'blocked' && breaker.state !== 'half_open') return CLOSED;
  const failure = { runId: 'run_id' in breaker ? breaker.run_id : '', class: 'class' in breaker ? breaker.class : undefined };
  const because = 'it was reset: the next run is its probe';
  return { state: 'open', failures: breaker.failures, open_ms: 0, until: toIso(nowMs), ...blamed({ ...failure, because }) };
}

/** Twice as long as before; the first time, where a block or a reset came before the probe, as long as any. */
function nextOpenMs(openMs: Ms, policy: BreakerPolicy): Ms {
  return Math.min(Math.max(openMs * 2, policy.openMs), policy.maxOpenMs);
}

function opened(failures: number, openMs: Ms, failure: Failure): Breaker {
  return { state: 'open', failures, open_ms: openMs, until: toIso(failure.nowMs + openMs), ...blamed(failure) };
}

function blamed({ because, runId, class: kind }: Pick<Failure, 'because' | 'runId' | 'class'>): Blamed {
  return { because, run_id: runId, ...(kind === undefined ? {} : { class: kind }) };
}

/** Somebody forced it while the opening was not over. */
function isEarly({ until }: Extract<Breaker, { state: 'half_open' }>, nowMs: Ms): boolean {
  return (parseIso(until) ?? 0) > nowMs;
}

function reopened(breaker: Extract<Breaker, { state: 'half_open' }>): Breaker {
  const { probe_id: _void, ...rest } = breaker;
  return { ...rest, state: 'open' };
}
