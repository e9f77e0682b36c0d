import type { Cadence } from '../core/cadence.ts';
import { CadenceError } from '../core/error.ts';
import { type HoldCause, isMomentary } from '../core/gate.ts';
import { isSlotTick } from '../core/slot/slot.ts';
import { spokenEndMs, type TickName } from '../core/tick.ts';
import type { Ms } from '../core/time/instant.ts';
import { soonest } from '../core/time/soonest.ts';
import type { Queue } from '../ports.ts';

/**
 * When the tick that stands before all others of a held cadence grows too old. What it says of that itself stands in its
 * text, which nobody opens while it is held: so it is read once, when the hold begins or it comes to stand there. Without
 * this its end would be told when the hold ends, hours later or never, and whoever waits for it would wait as long.
 */
export interface OwnExpiry {
  /** `cause`: of the hold. undefined: it keeps, or what becomes of it is not decided under such a hold. */
  endMs(name: TickName, cadence: Cadence | undefined, cause: HoldCause): Ms | undefined;
}

export function createOwnExpiry(queue: Pick<Queue, 'peek'>): OwnExpiry {
  const read = new Map<string, { readonly id: string; readonly endMs: Ms | undefined }>();

  function spokenMs({ cadence, id }: TickName): Ms | undefined {
    const known = read.get(cadence);
    if (known?.id === id) return known.endMs;
    try {
      const tick = queue.peek(id);
      // A slot is the scheduler's, which ends it when its window is over.
      const endMs = tick === undefined || isSlotTick(tick) ? undefined : spokenEndMs(tick);
      read.set(cadence, { id, endMs });
      return endMs;
    } catch (error) {
      // What cannot be read now is read when it is claimed.
      if (error instanceof CadenceError) return undefined;
      throw error;
    }
  }

  return {
    endMs(name, cadence, cause) {
      if (isMomentary(cause) || cause === 'due' || cause === 'halt' || cause === 'pause') return undefined;
      const ofCadence = cadence?.expiresMs === undefined || name.attempts > 0 ? undefined : name.dueMs + cadence.expiresMs;
      return soonest([spokenMs(name), ofCadence]);
    },
  };
}
