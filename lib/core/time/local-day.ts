import { dayOf, type Ms } from './instant.ts';
import { isUtc, isZone } from './zone.ts';

/** A calendar day of a time zone. It may have 23 or 25 hours, and need not begin at midnight. */
export interface LocalDay {
  /** `2026-11-27`; its month is the first seven characters. */
  readonly name: string;
  readonly startMs: Ms;
  /** The first instant of the next day. */
  readonly endMs: Ms;
}

export interface LocalDays {
  dayAt(atMs: Ms): LocalDay;
  /** The day that was asked for last; undefined: none was. */
  latest(): LocalDay | undefined;
  /** The first instant of the next calendar month. */
  monthEndMs(atMs: Ms): Ms;
}

export const monthOf = (day: string): string => day.slice(0, 7);

const HOUR_MS: Ms = 3_600_000;
/** Farther away than any beginning or end of the day, also where a zone has left a day out. */
const DAY_REACH_MS = 50 * HOUR_MS;
const MONTH_REACH_MS = 33 * 24 * HOUR_MS;
const LAST_MS = Date.UTC(9999, 10, 1);

/**
 * Where days and months begin is searched, not computed: clocks change at midnight in some zones, by half an hour in
 * others, and by a whole day once. A day that was asked for last is remembered, for records come in order; `known` is one
 * that was remembered elsewhere.
 */
export function createLocalDays(zone: string, known?: LocalDay): LocalDays {
  // Loading what is known of zones takes as long as a quarter of a command; who asks for no day pays nothing.
  let format: Intl.DateTimeFormat | undefined;
  const nameAt = (atMs: Ms): string => {
    if (isUtc(zone)) return dayOf(atMs);
    format ??= formatOf(zone);
    return dateIn(format, atMs);
  };
  let latest: LocalDay = known ?? { name: '', startMs: 0, endMs: 0 };
  let month = { startMs: 0, endMs: 0 };
  return {
    dayAt(anyMs) {
      const atMs = sane(anyMs);
      if (latest.startMs > atMs || atMs >= latest.endMs) {
        const name = nameAt(atMs);
        const startMs = firstInstant(atMs - DAY_REACH_MS, atMs, (ms) => nameAt(ms) >= name);
        latest = { name, startMs, endMs: firstInstant(atMs, atMs + DAY_REACH_MS, (ms) => nameAt(ms) > name) };
      }
      return latest;
    },
    latest: () => (latest.endMs > latest.startMs ? latest : undefined),
    monthEndMs(anyMs) {
      const atMs = sane(anyMs);
      if (month.startMs > atMs || atMs >= month.endMs) {
        const name = monthOf(nameAt(atMs));
        month = { startMs: atMs, endMs: firstInstant(atMs, atMs + MONTH_REACH_MS, (ms) => monthOf(nameAt(ms)) > name) };
      }
      return month.endMs;
    },
  };
}

/** What no calendar knows, such as the `Etc/Unknown` of a misspelt TZ, is taken for UTC. */
function formatOf(zone: string): Intl.DateTimeFormat {
  const timeZone = isZone(zone) ? zone : 'UTC';
  return new Intl.DateTimeFormat('en-US', { timeZone, calendar: 'gregory', numberingSystem: 'latn', year: 'numeric', month: '2-digit', day: '2-digit' });
}

function dateIn(format: Intl.DateTimeFormat, atMs: Ms): string {
  const parts = new Map(format.formatToParts(atMs).map(({ type, value }) => [type as string, value]));
  return `${parts.get('year')}-${parts.get('month')}-${parts.get('day')}`;
}

/** The first millisecond for which it is true: false at `loMs`, true at `hiMs`. */
function firstInstant(loMs: Ms, hiMs: Ms, isTrue: (atMs: Ms) => boolean): Ms {
  let [no, yes] = [loMs, hiMs];
  while (yes - no > 1) {
    const middle = Math.floor((no + yes) / 2);
    if (isTrue(middle)) yes = middle;
    else no = middle;
  }
  return yes;
}

/** Clocks do jump. */
function sane(atMs: Ms): Ms {
  return Number.isFinite(atMs) ? Math.min(LAST_MS, Math.max(0, Math.floor(atMs))) : 0;
}
