import type { ProbeBaseline } from './agent/probe-answer.ts';
import {
  afterRestart,
  type Breaker,
  CLOSED,
  clamped,
  type Failure,
  onBlocked,
  onFailure,
  onInterrupted,
  onLasting,
  onStart,
  onSuccess,
  probing,
  rushed,
  tripped,
} from './breaker.ts';
import { type BreakerPolicy, DEFAULT_BREAKER, DEFAULT_RETRY, type RetryPolicy } from './cadence.ts';
import { VERIFY_CLASS } from './evidence.ts';
import { GUARD_CLASS } from './judge.ts';
import { isProven, type RunRecord } from './run.ts';
import { ruleOf } from './session/class.ts';
import { type Ms, parseIso, toIso } from './time/instant.ts';

/**
 * The book of holds: one breaker a key, and what an operator paused. It is a fold over the log of runs, so a crash
 * between the end of a run and the writing of `holds.json` loses nothing: at the next start the runs that lie behind
 * `through` are folded in. Keys: `cadence:<name>`, `account:<name>`, `provider:<name>` (one of several agents); pauses besides: `bus`.
 */
export interface Holds {
  readonly format: 1;
  readonly through: LogPosition;
  readonly breakers: Readonly<Record<string, Breaker>>;
  readonly paused: Readonly<Record<string, { readonly since: string; readonly because: string }>>;
  /** What the accounts answered right after they failed. */
  readonly probes?: Readonly<Record<string, ProbeBaseline>> | undefined;
}

/** A place in the log of runs: everything before it has been seen. */
export interface LogPosition {
  readonly day: string;
  readonly bytes: number;
}

export const NO_HOLDS: Holds = { format: 1, through: { day: '', bytes: 0 }, breakers: {}, paused: {} };

export interface Policies {
  readonly breaker: BreakerPolicy;
  readonly retry: RetryPolicy;
}

export const DEFAULT_POLICIES: Policies = { breaker: DEFAULT_BREAKER, retry: DEFAULT_RETRY };

export const cadenceKey = (name: string): string => `cadence:${name}`;
export const accountKey = (name: string): string => `account:${name}`;
export const providerKey = (name: string): string => `provider:${name}`;

/** Everything whose breaker a run of it moves, and waits for. */
export function keysOf({
  name,
  account,
  provider,
}: {
  readonly name: string;
  readonly account?: string | undefined;
  readonly provider?: string | undefined;
}): readonly string[] {
  return [cadenceKey(name), ...(account === undefined ? [] : [accountKey(account)]), ...(provider === undefined ? [] : [providerKey(provider)])];
}

export function breakerOf(holds: Holds, key: string): Breaker {
  return Object.hasOwn(holds.breakers, key) ? (holds.breakers[key] as Breaker) : CLOSED;
}

/** A run begins: an opening that is over gets its probe. */
export function holdsOnStart(holds: Holds, keys: readonly string[], runId: string): Holds {
  return keys.reduce((book, key) => withBreaker(book, key, onStart(breakerOf(book, key), runId)), holds);
}

/** A run has ended. The same record folded twice changes nothing the second time only if `through` is kept: see there. */
export function holdsOnEnd(holds: Holds, run: RunRecord, policies: Policies, random: number): Holds {
  // What all is well with stays so, and costs nothing.
  if (run.status === 'succeeded' && isEmpty(holds.breakers)) return holds;
  const nowMs = parseIso(run.ended_at) ?? 0;
  const keys = keysOf({ ...run, name: run.cadence });
  const guilty = guiltyKeys(run);
  const failure = { runId: run.run_id, because: run.reason, class: run.class, nowMs, random };
  let book = holds;
  for (const key of keys) {
    const before = breakerOf(book, key);
    const after = guilty.includes(key)
      ? onBlame(before, run, isShared(key) ? DEFAULT_POLICIES : policies, failure)
      : isProof(run, key)
        ? onSuccess(before, run.run_id)
        : onInterrupted(before, run.run_id);
    book = withBreaker(book, key, after);
  }
  return book;
}

/** Nothing is made to find it out: it is asked for every tick. */
export function isEmpty(book: Readonly<Record<string, unknown>>): boolean {
  for (const _key in book) return false;
  return true;
}

/** Many cadences wait for it. */
const isShared = (key: string): boolean => /^(?:account|provider):/.test(key);

/**
 * A dead key or an empty purse stays so until a human comes: open at once, for as long as may be. A usage limit ends when it
 * says so, or it is asked again after a normal opening. Everything else backs off, and opens when it goes on.
 */
function onBlame(before: Breaker, run: RunRecord, { breaker, retry }: Policies, failure: Failure): Breaker {
  const untilMs = parseIso(run.blocked_until);
  if (untilMs !== undefined) return onBlocked(before, untilMs, failure);
  if (run.class === 'auth' || run.class === 'billing') return onLasting(before, breaker.maxOpenMs, breaker, failure);
  if (run.class === 'quota') return onLasting(before, breaker.openMs, breaker, failure);
  return onFailure(before, breaker, retry, failure);
}

/** A run that failed by its own fault, or for which nobody can vouch, still proves its account and its agent, where they did their part. */
function isProof(run: RunRecord, key: string): boolean {
  return isProven(run) || (isShared(key) && hasServed(run));
}

function hasServed(run: RunRecord): boolean {
  if (run.status === 'unverified') return true;
  const isOwn = run.blame === 'cadence' || run.blame === 'nobody';
  return isOwn && (run.class === VERIFY_CLASS || ruleOf(run.class)?.answered === true);
}

function guiltyKeys(run: RunRecord): readonly string[] {
  const { cadence, account, provider, blame } = run;
  if (blame === undefined || (run.status !== 'failed' && run.status !== 'dead')) return [];
  switch (blame) {
    case 'cadence':
      // Of one agent of several it may be the fault too, and nobody can tell: its failures in a row are counted, whosever duties they were.
      return [cadenceKey(cadence), ...(provider === undefined || run.class === GUARD_CLASS || hasServed(run) ? [] : [providerKey(provider)])];
    case 'account':
      // Without an account its cadence is held instead: the tick is not charged, so something else must slow it down.
      return [account === undefined ? cadenceKey(cadence) : accountKey(account)];
    case 'provider':
      return [provider === undefined ? cadenceKey(cadence) : providerKey(provider)];
    case 'nobody':
      return [];
  }
}

/** Whose probe this run is. */
export function probedBy({ breakers }: Holds, runId: string): readonly string[] {
  return Object.entries(breakers).flatMap(([key, breaker]) => (breaker.state === 'half_open' && breaker.probe_id === runId ? [key] : []));
}

/** The owner of a probe is gone. Where its run lives on it is the probe again: see `probedBy`. */
export function holdsAfterRestart(holds: Holds): Holds {
  return Object.entries(holds.breakers).reduce((book, [key, breaker]) => withBreaker(book, key, afterRestart(breaker)), holds);
}

/** No hold ends later than the longest one from now, whatever the clock did. */
export function holdsClamped(holds: Holds, nowMs: Ms, policiesOf: (cadence: string) => Policies | undefined): Holds {
  return Object.entries(holds.breakers).reduce(
    (book, [key, breaker]) => withBreaker(book, key, clamped(breaker, nowMs, longestMs(key, breaker, policiesOf))),
    holds,
  );
}

/** An account that names its reset may do so for a week; a moment is granted where the definition that would say more is gone. */
const LONGEST_BLOCK_MS: Ms = 8 * 86_400_000;
const MOMENT_MS: Ms = 60_000;

/** Each state by its own measure: a pause of seconds does not become one of hours, because an opening may last so long. */
function longestMs(key: string, breaker: Breaker, policiesOf: (cadence: string) => Policies | undefined): Ms {
  if (breaker.state === 'blocked') return LONGEST_BLOCK_MS;
  const { breaker: policy, retry } = (key.startsWith('cadence:') ? policiesOf(key.slice('cadence:'.length)) : undefined) ?? DEFAULT_POLICIES;
  if (breaker.state === 'open') return Math.max(MOMENT_MS, Math.min(breaker.open_ms, Math.max(policy.openMs, policy.maxOpenMs)));
  return Math.max(MOMENT_MS, ...retry.delaysMs.map((delay) => delay * (1 + retry.jitter)));
}

export function holdsTrip(holds: Holds, key: string, because: string, nowMs: Ms): Holds {
  return withBreaker(holds, key, tripped(breakerOf(holds, key), because, nowMs));
}

/** A cadence is closed. An account or an agent that has failed lets one run through first: a lane may be wide, and the key still dead. */
export function holdsReset(holds: Holds, key: string | undefined, nowMs: Ms = 0): Holds {
  const keys = key === undefined ? Object.keys(holds.breakers) : [key];
  return keys.reduce((book, one) => withBreaker(book, one, isShared(one) ? probing(breakerOf(book, one), nowMs) : CLOSED), holds);
}

/** A rule says: try again at once. A circuit that is open stays so. */
export function holdsRushed(holds: Holds, key: string, nowMs: Ms): Holds {
  return withBreaker(holds, key, rushed(breakerOf(holds, key), nowMs));
}

export function holdsPause(holds: Holds, key: string, because: string, nowMs: Ms): Holds {
  return { ...holds, paused: { ...holds.paused, [key]: { since: toIso(nowMs), because } } };
}

/** `bus` resumes everything that was paused; another key only itself. */
export function holdsResume(holds: Holds, key: string): Holds {
  if (key === 'bus') return { ...holds, paused: {} };
  const { [key]: _gone, ...paused } = holds.paused;
  return { ...holds, paused };
}

function withBreaker(holds: Holds, key: string, breaker: Breaker): Holds {
  if (breakerOf(holds, key) === breaker) return holds;
  const { [key]: _old, ...others } = holds.breakers;
  const clean = breaker.state === 'closed' && breaker.failures === 0;
  return { ...holds, breakers: clean ? others : { ...others, [key]: breaker } };
}
