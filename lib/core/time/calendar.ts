import type { Ms } from './instant.ts';
import type { CalendarRule, IntervalRule, Schedule, ScheduleRule } from './schedule.ts';
import type { Zone } from './zone.ts';

/**
 * The instants of a schedule. Local time is counted as if it were UTC; the zone says which instant shows it.
 *
 * Where clocks are set forward, a rule that names hours runs at the first instant after the gap; where they are set back,
 * once, the first time. A rule for every hour, or for an interval that fits into the change, goes by time as it passes:
 * nothing was missed in the gap, and the hour that comes twice is two hours.
 */
const MINUTE_MS: Ms = 60_000;
const HOUR_MS: Ms = 3_600_000;
const DAY_MS: Ms = 86_400_000;
/** 29 February on a given weekday is forty years away at most; what does not come in this time never does. */
const HORIZON_MS: Ms = 41 * 366 * DAY_MS;

/** The first instant after this one; undefined: it never comes. */
export function nextInstant({ rules }: Schedule, zone: Zone, afterMs: Ms): Ms | undefined {
  let next: Ms | undefined;
  for (const rule of rules) {
    const at = goesByTime(rule) ? nextAsTimePasses(rule, zone, afterMs) : nextOnTheWall(rule, zone, afterMs);
    if (at !== undefined && (next === undefined || at < next)) next = at;
  }
  return next;
}

/** Every instant after `afterMs` up to and with `untilMs`, oldest first. */
export function* instantsBetween(schedule: Schedule, zone: Zone, afterMs: Ms, untilMs: Ms): Generator<Ms> {
  for (let at = nextInstant(schedule, zone, afterMs); at !== undefined && at <= untilMs; at = nextInstant(schedule, zone, at)) yield at;
}

const LOOK_BACK_MS: readonly Ms[] = [MINUTE_MS, HOUR_MS, DAY_MS, 8 * DAY_MS, 32 * DAY_MS, 367 * DAY_MS, HORIZON_MS];

/** The last instant up to and with this one; undefined: there was none within the horizon. */
export function lastInstant(schedule: Schedule, zone: Zone, untilMs: Ms): Ms | undefined {
  for (const backMs of LOOK_BACK_MS) {
    let last: Ms | undefined;
    for (const at of instantsBetween(schedule, zone, untilMs - backMs, untilMs)) last = at;
    if (last !== undefined) return last;
  }
  return undefined;
}

function goesByTime(rule: ScheduleRule): boolean {
  return rule.kind === 'interval' ? rule.everyMs <= HOUR_MS : rule.hours.length === 24;
}

function nextOnTheWall(rule: ScheduleRule, zone: Zone, afterMs: Ms): Ms | undefined {
  const horizonMs = afterMs + HORIZON_MS;
  let local = nextLocal(rule, zone.localMs(afterMs), horizonMs);
  while (local !== undefined) {
    const at = zone.instantOf(local);
    if (at > afterMs) return at;
    local = nextLocal(rule, local + 1, horizonMs);
  }
  return undefined;
}

function nextAsTimePasses(rule: ScheduleRule, zone: Zone, afterMs: Ms): Ms | undefined {
  const horizonMs = afterMs + HORIZON_MS;
  for (let fromMs = afterMs + 1; fromMs < horizonMs; ) {
    const { offsetMs, endMs } = zone.spanAt(fromMs);
    const local = nextLocal(rule, fromMs + offsetMs, horizonMs);
    if (local === undefined) return undefined;
    if (local - offsetMs < endMs) return local - offsetMs;
    fromMs = Math.max(endMs, local - offsetMs - DAY_MS);
  }
  return undefined;
}

function nextLocal(rule: ScheduleRule, fromMs: Ms, horizonMs: Ms): Ms | undefined {
  return rule.kind === 'interval' ? nextMultiple(rule, fromMs) : nextOfCalendar(rule, fromMs, horizonMs);
}

function nextMultiple({ everyMs }: IntervalRule, fromMs: Ms): Ms {
  return Math.ceil(fromMs / everyMs) * everyMs;
}

/** The first whole minute from here on that the calendar names. */
function nextOfCalendar(rule: CalendarRule, fromMs: Ms, horizonMs: Ms): Ms | undefined {
  const startMs = Math.ceil(fromMs / MINUTE_MS) * MINUTE_MS;
  let dayMs = Math.floor(startMs / DAY_MS) * DAY_MS;
  const inDay = startMs - dayMs;
  if (isDay(rule, dayMs)) {
    const time = nextTime(rule, Math.floor(inDay / HOUR_MS), Math.floor((inDay % HOUR_MS) / MINUTE_MS));
    if (time !== undefined) return dayMs + time;
  }
  const first = (rule.hours[0] as number) * HOUR_MS + (rule.minutes[0] as number) * MINUTE_MS;
  for (dayMs = nextDay(rule, dayMs + DAY_MS); dayMs <= horizonMs; dayMs = nextDay(rule, dayMs + DAY_MS)) if (isDay(rule, dayMs)) return dayMs + first;
  return undefined;
}

function nextTime({ hours, minutes }: CalendarRule, hour: number, minute: number): Ms | undefined {
  if (hours.includes(hour)) {
    const later = minutes.find((one) => one >= minute);
    if (later !== undefined) return hour * HOUR_MS + later * MINUTE_MS;
  }
  const later = hours.find((one) => one > hour);
  return later === undefined ? undefined : later * HOUR_MS + (minutes[0] as number) * MINUTE_MS;
}

/** Skips whole months that are not named. */
function nextDay({ months }: CalendarRule, dayMs: Ms): Ms {
  const date = new Date(dayMs);
  return months.includes(date.getUTCMonth() + 1) ? dayMs : Date.UTC(date.getUTCFullYear(), date.getUTCMonth() + 1, 1);
}

function isDay({ months, days, weekdays, eitherDay }: CalendarRule, dayMs: Ms): boolean {
  const date = new Date(dayMs);
  if (!months.includes(date.getUTCMonth() + 1)) return false;
  const [isNamedDay, isNamedWeekday] = [days.includes(date.getUTCDate()), weekdays.includes(date.getUTCDay())];
  return eitherDay ? isNamedDay || isNamedWeekday : isNamedDay && isNamedWeekday;
}
