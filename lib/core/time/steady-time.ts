import type { Ms } from './instant.ts';

/** Time as it passes, sleep included: the clock on the wall, from which it takes what that was set by since it was first asked. */
export type SteadyTime = () => Ms;

/** The other clock may be as coarse as a second, and both are read one after the other: this much is no setting of a clock. */
const NOTICED_MS: Ms = 5_000;

/** `sinceBootMs` undefined: nobody knows better than the wall. */
export function createSteadyTime(wallMs: () => Ms, sinceBootMs: (() => Ms) | undefined): SteadyTime {
  if (sinceBootMs === undefined) return wallMs;
  let last = { wallMs: wallMs(), bootMs: sinceBootMs() };
  let setByMs = 0;
  return () => {
    const now = { wallMs: wallMs(), bootMs: sinceBootMs() };
    const jumpMs = now.wallMs - last.wallMs - (now.bootMs - last.bootMs);
    if (Math.abs(jumpMs) >= NOTICED_MS) setByMs += jumpMs;
    last = now;
    return now.wallMs - setByMs;
  };
}
