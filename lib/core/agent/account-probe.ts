import { type Breaker, CLOSED } from '../breaker.ts';
import { accountKey, breakerOf, type Holds, holdsReset } from '../holds.ts';
import { type Ms, parseIso, toIso } from '../time/instant.ts';
import type { ProbeAnswer, ProbeBaseline } from './probe-answer.ts';

export type Opened = Extract<Breaker, { state: 'open' | 'blocked' }>;

/** Its time is over and its next run would be the canary; after a reset it goes without a question, for a person has said so. */
export function isBeforeCanary(breaker: Breaker, nowMs: Ms): breaker is Opened {
  if (breaker.state !== 'open' && breaker.state !== 'blocked') return false;
  return (parseIso(breaker.until) ?? 0) <= nowMs && (breaker.state === 'blocked' || breaker.open_ms > 0);
}

/** A login may be mended at any time, and nobody tells us. Everything else ends by itself, or by a person who resets it. */
export function isWatched(breaker: Breaker, nowMs: Ms): breaker is Opened {
  return breaker.state === 'open' && breaker.class === 'auth' && (parseIso(breaker.until) ?? 0) > nowMs;
}

export type ProbeStep =
  /** The login has changed since the failure: one run goes first, at once. */
  | { readonly kind: 'canary' }
  /** Its time is over, and nothing speaks against it: one run goes first. */
  | { readonly kind: 'let' }
  /** There is no login: a run would be in vain. */
  | { readonly kind: 'extend' }
  | { readonly kind: 'wait' };

export function onAnswer(breaker: Opened, before: ProbeBaseline | undefined, answer: ProbeAnswer, nowMs: Ms): ProbeStep {
  const isOver = isBeforeCanary(breaker, nowMs);
  if (answer.kind === 'unfit') return { kind: isOver ? 'extend' : 'wait' };
  if (answer.kind === 'fit' && before !== undefined && before.kind !== 'unknown' && before.mark !== answer.mark) return { kind: 'canary' };
  return { kind: isOver ? 'let' : 'wait' };
}

/** The baseline of this failure; one of an earlier failure, or of another cadence's login, says nothing. */
export function baselineOf(holds: Holds, account: string, breaker: Opened, cadence: string): ProbeBaseline | undefined {
  const found = holds.probes?.[accountKey(account)];
  return found?.run_id === breaker.run_id && found.cadence === cadence ? found : undefined;
}

/** Baselines of accounts that are well again are forgotten. */
export function holdsProbed(holds: Holds, account: string, baseline: ProbeBaseline): Holds {
  const kept = Object.entries(holds.probes ?? {}).filter(([key]) => breakerOf(holds, key) !== CLOSED);
  return { ...holds, probes: { ...Object.fromEntries(kept), [accountKey(account)]: baseline } };
}

/** Quietly: it is the same opening, only longer. */
export function holdsExtended(holds: Holds, account: string, openMs: Ms, nowMs: Ms): Holds {
  const key = accountKey(account);
  const breaker = breakerOf(holds, key);
  if (breaker.state !== 'open' && breaker.state !== 'blocked') return holds;
  return { ...holds, breakers: { ...holds.breakers, [key]: { ...breaker, until: toIso(nowMs + openMs) } } };
}

export function holdsCanary(holds: Holds, account: string, nowMs: Ms): Holds {
  return holdsReset(holds, accountKey(account), nowMs);
}
