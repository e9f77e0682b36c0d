import type { Cadence } from '../core/cadence.ts';
import type { Claim, Head, Queue, Soon } from '../ports.ts';
import type { Dismissal } from './dismissal.ts';

/**
 * What becomes of requests that ask for nothing but a run while there is one already. Where the cadence does not say,
 * only ticks of a schedule fold together: whoever asks three times in words gets three runs.
 */
export interface Overlap {
  /** A claimed tick is about to run: requests that came before it begins are served by it. */
  coalesce(claim: Claim, cadence: Cadence, breathe: () => Promise<void>): Soon<void>;
  /** The head waits for a run under way. True: it was dismissed, look at the next. */
  skip(head: Head, cadence: Cadence | undefined): Promise<boolean>;
}

/** Of many, so many share a flush and a slice of time. */
const A_SLICE = 256;

export function createOverlap({ queue, dismissal }: { queue: Queue; dismissal: Dismissal }): Overlap {
  async function serveAll(claim: Claim, cadence: Cadence, breathe: () => Promise<void>): Promise<void> {
    const names = await queue.plain(cadence.name, cadence.overlap === undefined);
    for (let at = 0; at < names.length; at += A_SLICE) {
      await dismissal.dismiss(names.slice(at, at + A_SLICE), 'coalesced', `served by ${claim.name.id}, which began after it was asked for`);
      await breathe();
    }
  }

  return {
    coalesce(claim, cadence, breathe) {
      const isAsked = cadence.overlap === 'coalesce' || (cadence.overlap === undefined && claim.tick.slot !== undefined);
      return isAsked && claim.tick.payload === undefined ? serveAll(claim, cadence, breathe) : undefined;
    },
    async skip(head, cadence) {
      if (cadence?.overlap !== 'skip' || head.name.attempts > 0) return false;
      const plain = await queue.plain(cadence.name, false);
      if (!plain.some((name) => name.id === head.name.id)) return false;
      // All of them came while it ran.
      await dismissal.dismiss(plain.slice(0, A_SLICE), 'skipped', 'another run was under way');
      return true;
    },
  };
}
