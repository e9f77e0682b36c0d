import type { Ms } from '../core/time/instant.ts';
import type { Clock } from '../ports.ts';

const SLICE_MS: Ms = 8;

/** Lets others have their turn when a slice is over. */
export function inSlices(clock: Clock): () => Promise<void> | undefined {
  let sliceEndMs = clock.nowMs() + SLICE_MS;
  return () => {
    if (clock.nowMs() < sliceEndMs) return undefined;
    sliceEndMs = clock.nowMs() + SLICE_MS;
    return clock.breathe();
  };
}
