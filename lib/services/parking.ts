import type { Breaker } from '../core/breaker.ts';
import type { HoldCause, Verdict } from '../core/gate.ts';
import { breakerOf } from '../core/holds.ts';
import { isForcedName } from '../core/tick.ts';
import type { Ms } from '../core/time/instant.ts';
import type { Clock, Head, Queue } from '../ports.ts';
import type { HoldsBook } from './holds-book.ts';

/**
 * Cadences whose head is held: nobody looks at them before their time has come, somebody asks for an earlier run of them,
 * or what holds them changes.
 */
export interface Parking {
  park(cadence: string, held: Held): void;
  /** What it is parked for; `onHeld` hears when its time comes. undefined: it is to be looked at. */
  heldFor(cadence: string, onHeld: (untilMs: Ms | undefined) => void): HoldCause | undefined;
  free(cadence: string): void;
  freeWhere(isFree: (cause: HoldCause) => boolean): void;
  freeAll(): void;
}

type Held = Pick<Extract<Verdict, { kind: 'hold' }>, 'cause' | 'untilMs' | 'key'>;

/**
 * `sinceMs`: when it was parked; an earlier now is that of a clock that was set back, and what it waits for was named by
 * another time. `forced`: the forced tick that is held too. `breaker`: what held it, as it was then; a run of another
 * cadence may end it before its time.
 */
type Parked = Held & { readonly sinceMs: Ms; readonly forced: string | undefined; readonly breaker: Breaker | undefined };

export interface ParkingDeps {
  readonly clock: Pick<Clock, 'nowMs'>;
  readonly queue: Pick<Queue, 'head'>;
  readonly book: Pick<HoldsBook, 'holds'>;
}

export function createParking({ clock, queue, book }: ParkingDeps): Parking {
  const parked = new Map<string, Parked>();

  const breakerBehind = (key: string | undefined): Breaker | undefined => (key === undefined ? undefined : breakerOf(book.holds(), key));

  /** A forced tick at the head of a cadence that was held without it. */
  const isNewForced = (head: Head | undefined, forced: string | undefined): boolean => head !== undefined && isForcedName(head.name) && head.name.id !== forced;

  return {
    park(cadence, held) {
      parked.set(cadence, { ...held, sinceMs: clock.nowMs(), forced: queue.head(cadence)?.name.id, breaker: breakerBehind(held.key) });
    },
    heldFor(cadence, onHeld) {
      const held = parked.get(cadence);
      if (held === undefined) return undefined;
      const { cause, untilMs, sinceMs, forced, key, breaker } = held;
      const nowMs = clock.nowMs();
      const head = queue.head(cadence);
      if (isNewForced(head, forced)) return undefined;
      // One that is due sooner may have come since.
      const freeMs = cause === 'due' && head !== undefined ? Math.min(head.name.dueMs, untilMs ?? head.name.dueMs) : untilMs;
      if (nowMs < sinceMs || (freeMs !== undefined && freeMs <= nowMs) || breakerBehind(key) !== breaker) {
        parked.delete(cadence);
        return undefined;
      }
      onHeld(freeMs);
      return cause;
    },
    free: (cadence) => void parked.delete(cadence),
    freeWhere(isFree) {
      for (const [cadence, { cause }] of parked) if (isFree(cause)) parked.delete(cadence);
    },
    freeAll: () => parked.clear(),
  };
}
