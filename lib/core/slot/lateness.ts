import type { Ms } from '../time/instant.ts';

/**
 * How late something is, in words: by how many times what it may take has passed. One rule for cadences that have not
 * run, for a watchman that does not come, and for incidents that stay open.
 */
export const LEVELS = ['none', 'warning', 'urgent', 'critical'] as const;
export type Level = (typeof LEVELS)[number];

const TIMES: readonly (readonly [Level, number])[] = [
  ['critical', 10],
  ['urgent', 5],
  ['warning', 2],
];

/** `none` is below twice: it may be late already, and is nobody's worry yet. */
export function levelOf(passedMs: Ms, allowedMs: Ms): Level {
  if (!(allowedMs > 0)) return 'none';
  return TIMES.find(([, times]) => passedMs >= times * allowedMs)?.[0] ?? 'none';
}

/** What was said of it last. */
export interface Told {
  readonly level: Level;
  readonly atMs: Ms;
}

export const TELL_AGAIN_MS: Ms = 24 * 3_600_000;

/** Whether it is said (again): it was not said before, its level has changed, or a day has passed. A clock that was set back does not silence it. */
export function isTellingDue(level: Level, last: Told | undefined, nowMs: Ms): boolean {
  if (last === undefined || last.level !== level) return true;
  return nowMs - last.atMs >= TELL_AGAIN_MS || last.atMs > nowMs;
}
