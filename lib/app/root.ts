import { createClock } from '../platform/clock.ts';

export { requireRoot } from '../platform/root.ts';

/** The time of the wall clock, for the surfaces. */
export const nowMs = createClock().nowMs;
