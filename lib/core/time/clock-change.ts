import { instantsBetween, nextInstant } from './calendar.ts';
import type { Ms } from './instant.ts';
import type { Schedule } from './schedule.ts';
import { type Zone, zoneOf } from './zone.ts';

/** No change of clocks moves them by more. */
const MOST_CHANGE_MS: Ms = 3 * 3_600_000;

/**
 * Slots for which no timer of the system comes, because clocks are changed: those that our rule moves to the first instant
 * after a gap, for the timer's own time is never shown; and those of an hour that comes twice, for a timer comes once. The
 * owner fires them itself.
 */
export function slotsWithoutTimer(schedule: Schedule, zone: Zone, fromMs: Ms, untilMs: Ms): readonly Ms[] {
  const found: Ms[] = [];
  for (let { endMs, offsetMs } = zone.spanAt(fromMs); endMs < untilMs; ) {
    const next = zone.spanAt(endMs);
    if (next.offsetMs !== offsetMs) {
      for (const at of instantsBetween(schedule, zone, endMs - 1, endMs + MOST_CHANGE_MS)) if (!hasTimer(schedule, zone, at)) found.push(at);
    }
    ({ endMs, offsetMs } = next);
  }
  return found;
}

function hasTimer(schedule: Schedule, zone: Zone, at: Ms): boolean {
  const local = zone.localMs(at);
  const isShownFirst = zone.instantOf(local) === at;
  return isShownFirst && nextInstant(schedule, zoneOf('UTC'), local - 1) === local;
}
