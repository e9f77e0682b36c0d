import type { Ms } from '../time/instant.ts';
import type { Fields } from './stream.ts';
import { fieldsOf } from './stream.ts';

/**
 * When a usage limit ends. Claude says it in a field, or in words that have changed four times: an epoch behind a bar, a
 * clock time of its own zone, a clock time with the zone or the date beside it, a time to wait.
 */
export interface ResetContext {
  readonly endedMs: Ms;
  /** The zone of the machine, for a clock time that names none. */
  readonly zone: string | undefined;
}

/** A field of an event, of its headers, or of what it tells of the limit. A time that is over is none. */
export function resetInFields(event: Fields | undefined, { endedMs }: ResetContext): Ms | undefined {
  if (event === undefined) return undefined;
  const places = [event, fieldsOf(event.rate_limit_info), fieldsOf(event.headers), fieldsOf(event.error), fieldsOf(event.api_error_headers)];
  for (const place of places) {
    const atMs = place === undefined ? undefined : resetInPlace(place, endedMs);
    if (atMs !== undefined && atMs > endedMs) return atMs;
  }
  return undefined;
}

const INSTANTS = ['resetsAt', 'resets_at', 'overageResetsAt', 'overage_resets_at', 'anthropic-ratelimit-unified-reset'] as const;
const WAITS = ['retry_after', 'retryAfter', 'retry-after'] as const;

function resetInPlace(place: Fields, endedMs: Ms): Ms | undefined {
  for (const key of INSTANTS) {
    const atMs = instantOf(place[key]);
    if (atMs !== undefined) return atMs;
  }
  for (const key of WAITS) {
    const seconds = Number(place[key] ?? Number.NaN);
    if (Number.isFinite(seconds) && seconds > 0) return endedMs + seconds * 1000;
  }
  return undefined;
}

/** Seconds since 1970, or milliseconds where seconds would lie beyond the year 5000; or ISO text. */
function instantOf(value: unknown): Ms | undefined {
  if (typeof value === 'string' && /^\d{4}-\d\d-\d\dT/.test(value)) return finite(Date.parse(value));
  const count = typeof value === 'number' || (typeof value === 'string' && /^\d{9,13}$/.test(value)) ? Number(value) : Number.NaN;
  return finite(count > 1e11 ? count : count * 1000);
}

const finite = (ms: number): Ms | undefined => (Number.isFinite(ms) && ms > 0 ? ms : undefined);

const EPOCH = /limit[^|\n]{0,80}\|\s*(\d{10}(?:\d{3})?)\b/i;
const ISO = /\bresets?\s+(?:at\s+|on\s+)?(\d{4}-\d\d-\d\dT[\d:.]+(?:Z|[+-]\d\d:?\d\d))/i;
const WAIT = /\bresets?\s+in\s+((?:\d{1,4}\s*(?:days?|d|hours?|hrs?|h|minutes?|mins?|m|seconds?|secs?|s)\b[\s,]*(?:and\s+)?){1,4})/i;
const MONTHS = ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec'];
const DAYS = ['sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat'];
const CLOCK = new RegExp(
  `\\bresets?\\s+(?:at\\s+|on\\s+)?(?:(${DAYS.join('|')})[a-z]{0,6}\\.?,?\\s+(?:at\\s+)?)?` +
    `(?:(${MONTHS.join('|')})[a-z]{0,6}\\.?\\s+(\\d{1,2})(?:st|nd|rd|th)?,?\\s+(?:at\\s+)?)?` +
    '(\\d{1,2})(?::(\\d\\d))?\\s*([ap])?\\.?(?:m\\b)?\\.?(?:\\s*\\(([A-Za-z][A-Za-z0-9_+/-]{1,40})\\))?',
  'i',
);

export function resetInText(text: string, context: ResetContext): Ms | undefined {
  const { endedMs } = context;
  const atMs = instantOf(EPOCH.exec(text)?.[1]) ?? instantOf(ISO.exec(text)?.[1]) ?? waitEnd(text, endedMs) ?? clockTime(text, context);
  return atMs !== undefined && atMs > endedMs ? atMs : undefined;
}

const UNIT_MS: Readonly<Record<string, Ms>> = { d: 86_400_000, h: 3_600_000, m: 60_000, s: 1000 };

function waitEnd(text: string, endedMs: Ms): Ms | undefined {
  const found = WAIT.exec(text)?.[1];
  if (found === undefined) return undefined;
  let totalMs = 0;
  for (const [, amount, unit] of found.matchAll(/(\d+)\s*([dhms])/gi)) totalMs += Number(amount) * (UNIT_MS[(unit as string).toLowerCase()] as number);
  return totalMs > 0 ? endedMs + totalMs : undefined;
}

interface Wall {
  readonly year: number;
  /** From 0. */
  readonly month: number;
  readonly day: number;
  readonly hour: number;
  readonly minute: number;
}

/** A clock time that has only just passed is the reset that took place, not tomorrow's. */
const JUST_NOW_MS: Ms = 2 * 60_000;
const DAYS_AHEAD = 8;

function clockTime(text: string, { endedMs, zone: ownZone }: ResetContext): Ms | undefined {
  const [, weekday, month, day, hour, minute, half, namedZone] = CLOCK.exec(text) ?? [];
  const time = timeOfDay(hour, minute, half);
  const format = formatOf(namedZone ?? ownZone);
  if (time === undefined || format === undefined) return undefined;
  const fromMs = endedMs - JUST_NOW_MS;
  const today = wallAt(fromMs, format);
  const candidates =
    month === undefined
      ? Array.from({ length: DAYS_AHEAD + 1 }, (_none, ahead) => ({ ...today, ...time, day: today.day + ahead })).filter((wall) => isOn(wall, weekday))
      : [0, 1].map((ahead) => ({ ...time, year: today.year + ahead, month: MONTHS.indexOf(month.toLowerCase()), day: Number(day) }));
  return candidates.map((wall) => instantAt(wall, format)).find((atMs) => atMs > fromMs);
}

function timeOfDay(hour: string | undefined, minute: string | undefined, half: string | undefined): Pick<Wall, 'hour' | 'minute'> | undefined {
  if (hour === undefined || (minute === undefined && half === undefined)) return undefined;
  const [hours, minutes] = [Number(hour), Number(minute ?? 0)];
  if (minutes > 59 || hours > 23 || (half !== undefined && (hours < 1 || hours > 12))) return undefined;
  if (half === undefined) return { hour: hours, minute: minutes };
  return { hour: (hours % 12) + (half.toLowerCase() === 'p' ? 12 : 0), minute: minutes };
}

function isOn(wall: Wall, weekday: string | undefined): boolean {
  return weekday === undefined || new Date(Date.UTC(wall.year, wall.month, wall.day)).getUTCDay() === DAYS.indexOf(weekday.toLowerCase());
}

/** undefined: there is no such zone. */
function formatOf(zone: string | undefined): Intl.DateTimeFormat | undefined {
  if (zone === undefined) return undefined;
  try {
    const parts = { year: 'numeric', month: 'numeric', day: 'numeric', hour: 'numeric', minute: 'numeric', second: 'numeric' } as const;
    return new Intl.DateTimeFormat('en-US', { timeZone: zone, calendar: 'gregory', numberingSystem: 'latn', hourCycle: 'h23', ...parts });
  } catch (error) {
    if (error instanceof RangeError) return undefined;
    throw error;
  }
}

function wallAt(atMs: Ms, format: Intl.DateTimeFormat): Wall & { readonly second: number } {
  const parts = new Map(format.formatToParts(atMs).map(({ type, value }) => [type as string, Number(value)]));
  const part = (name: string): number => parts.get(name) ?? 0;
  return { year: part('year'), month: part('month') - 1, day: part('day'), hour: part('hour'), minute: part('minute'), second: part('second') };
}

/** Twice, because the offset of the guess may be that of the other side of a clock change. */
function instantAt(wall: Wall, format: Intl.DateTimeFormat): Ms {
  const wantedMs = Date.UTC(wall.year, wall.month, wall.day, wall.hour, wall.minute);
  const guessMs = wantedMs - offsetAt(wantedMs, format);
  return wantedMs - offsetAt(guessMs, format);
}

function offsetAt(atMs: Ms, format: Intl.DateTimeFormat): Ms {
  const wall = wallAt(atMs, format);
  return Date.UTC(wall.year, wall.month, wall.day, wall.hour, wall.minute, wall.second) - Math.floor(atMs / 1000) * 1000;
}
