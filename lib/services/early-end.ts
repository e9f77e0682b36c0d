import type { Cadence } from '../core/cadence.ts';
import { expiry } from '../core/gate.ts';
import { isSlotTick } from '../core/slot/slot.ts';
import { type DeadName, isOldRevived, spokenEndMs, type TickName } from '../core/tick.ts';
import { type Ms, parseIso } from '../core/time/instant.ts';
import type { Claim, Clock, Queue, Soon } from '../ports.ts';
import type { Dismissal } from './dismissal.ts';
import { endHint, type HintDeps, isTimersTick } from './hint.ts';

/** What only the text of a claimed tick tells: it is too old, its payload is wrong, a timer dropped it, or its key has run already. */
export interface EarlyEnd {
  /** `held`: what held its cadence last. False: it is to run. */
  end(claim: Claim, cadence: Cadence, held: string | undefined): Soon<boolean>;
}

export interface EarlyEndDeps extends HintDeps {
  readonly clock: Clock;
  readonly queue: Queue;
  readonly dismissal: Dismissal;
  /** Ids of keyed ticks that have ended: the same key again is the same tick. */
  readonly knownKeys: { has(tickId: string): boolean };
  /** Why a payload is none for this cadence. */
  readonly payloadMisfit: (cadence: Cadence, payload: unknown) => string | undefined;
}

export function createEarlyEnd(deps: EarlyEndDeps): EarlyEnd {
  const { clock, dismissal } = deps;

  function end(claim: Claim, cadence: Cadence, held: string | undefined): Soon<boolean> {
    if (isOld(claim, cadence, clock.nowMs())) return endOld(claim, held);
    const misfit = deps.payloadMisfit(cadence, claim.tick.payload);
    if (misfit !== undefined) return endMisfit(claim, cadence, misfit);
    return isTimersTick(claim) ? endHint(claim, deps, dismissal).then((isEnded) => isEnded || endKnown(claim)) : endKnown(claim);
  }

  async function endOld(claim: Claim, held: string | undefined): Promise<true> {
    const because = expiry(held);
    // Of a slot the ledger tells; there is nothing to revive.
    const name: DeadName = { ...uncharged(claim), reason: 'expired' };
    await dismissal.endClaim(claim, isSlotTick(claim.tick) ? { to: 'finished', status: 'expired', because } : { to: 'dlq', status: 'expired', name, because });
    return true;
  }

  async function endMisfit(claim: Claim, cadence: Cadence, misfit: string): Promise<true> {
    const because = `its payload does not fit the schema of ${cadence.name}: ${misfit}`;
    await dismissal.endClaim(claim, { to: 'dlq', status: 'dead', name: { ...uncharged(claim), reason: 'permanent' }, because });
    return true;
  }

  function endKnown(claim: Claim): Soon<boolean> {
    return isAskedAnew(claim) && deps.knownKeys.has(claim.name.id) ? endServed(claim, deps) : false;
  }

  return { end };
}

/** What its key or its slot may have had already. A revived one is to run again, and so is what has been tried. */
export function isAskedAnew({ name, tick }: Claim): boolean {
  return (tick.key ?? tick.slot) !== undefined && tick.dead === undefined && name.attempts <= 1;
}

export async function endServed(claim: Claim, { queue, journal }: Pick<EarlyEndDeps, 'queue' | 'journal'>): Promise<true> {
  const { name } = claim;
  await queue.settle(claim, { to: 'finished', status: 'coalesced', because: 'its key has run already' }, []);
  journal.emit({ level: 'info', stage: 'coalesced', cadence: name.cadence, tick: name.id, because: 'its key has run already' });
  return true;
}

function uncharged({ name }: Claim): TickName {
  return { ...name, attempts: name.attempts - 1 };
}

function isOld({ name, tick }: Claim, { expiresMs }: Cadence, nowMs: Ms): boolean {
  if ((spokenEndMs(tick) ?? Number.POSITIVE_INFINITY) <= nowMs) return true;
  const askedMs = isOldRevived(tick) ? undefined : parseIso(tick.enqueued_at);
  return expiresMs !== undefined && (askedMs ?? name.dueMs) + expiresMs <= nowMs;
}
