import { instantsBetween } from './calendar.ts';
import type { Ms } from './instant.ts';
import type { CadenceSchedule } from './schedule.ts';
import { zoneOf } from './zone.ts';

/**
 * The longest time that may pass between two runs before one is missing, from the schedule itself, so that nobody keeps a
 * second list of hours: half as much again for an interval and for what comes hourly, two hours more for what comes
 * within a week, twelve for what comes weekly or more rarely (hourly 1.5 h, daily 26 h, weekly 180 h). Of several times
 * the largest gap counts, across nights and weekends. Clock changes are no gaps: it is counted in one zone without any.
 */
export function expectedIntervalMs(schedule: CadenceSchedule): Ms | undefined {
  const spreadMs = schedule.staggerMs + schedule.jitterMs;
  const [rule, ...others] = schedule.rules;
  if (rule?.kind === 'interval' && others.length === 0) return rule.everyMs * 1.5 + spreadMs;
  const gapMs = largestGap(schedule);
  return gapMs === undefined ? undefined : gapMs + marginOf(gapMs) + spreadMs;
}

const HOUR_MS: Ms = 3_600_000;
const WEEK_MS: Ms = 7 * 24 * HOUR_MS;

function marginOf(gapMs: Ms): Ms {
  if (gapMs <= HOUR_MS) return gapMs / 2;
  return gapMs < WEEK_MS ? 2 * HOUR_MS : 12 * HOUR_MS;
}

/** A Monday, and the first of a year after a leap year: nine years on hold every 29 February and every weekday of it. */
const ANCHOR_MS = Date.UTC(2029, 0, 1);
const NINE_YEARS_MS: Ms = 9 * 366 * 24 * HOUR_MS;
const TWO_MONTHS_MS: Ms = 62 * 24 * HOUR_MS;
const ENOUGH = 200;

/** undefined: it does not come twice in nine years. What comes often shows its largest gap within two months. */
function largestGap(schedule: CadenceSchedule): Ms | undefined {
  let last: Ms | undefined;
  let largest: Ms | undefined;
  let count = 0;
  for (const at of instantsBetween(schedule, zoneOf('UTC'), ANCHOR_MS - 1, ANCHOR_MS + NINE_YEARS_MS)) {
    if (last !== undefined) largest = Math.max(largest ?? 0, at - last);
    last = at;
    count += 1;
    if (count >= ENOUGH && at - ANCHOR_MS >= TWO_MONTHS_MS) break;
  }
  return largest;
}
