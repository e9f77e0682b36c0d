import type { Ms } from './instant.ts';

/** A time zone: how far its clocks are ahead of UTC, and when that changes. */
export interface Zone {
  readonly name: string;
  /** What a clock on the wall shows, as if it were UTC. */
  localMs(atMs: Ms): Ms;
  /** A stretch of time with one offset that holds `atMs`; another one may follow with the same offset. */
  spanAt(atMs: Ms): ZoneSpan;
  /**
   * The instant at which a clock on the wall shows this. Where it shows it twice (the clocks were set back) the first
   * one; where it never does (they were set forward) the first instant after the gap.
   */
  instantOf(localMs: Ms): Ms;
}

export interface ZoneSpan {
  readonly startMs: Ms;
  readonly endMs: Ms;
  readonly offsetMs: Ms;
}

const SECOND_MS: Ms = 1000;
const DAY_MS: Ms = 86_400_000;
/** No zone has changed its clocks twice within a week. */
const BLOCK_MS: Ms = 7 * DAY_MS;
/** An offset is at most 14 hours, so on either side of this no change concerns the local time that is asked for. */
const AROUND_MS: Ms = 2 * DAY_MS;

const zones = new Map<string, Zone>();

/** Throws a RangeError for a name that there is no zone for; see `isZone`. Offsets are looked up once a week of the calendar. */
export function zoneOf(name: string): Zone {
  const known = zones.get(name);
  if (known !== undefined) return known;
  const zone = createZone(name);
  zones.set(name, zone);
  return zone;
}

/** What most servers live in. Whoever asks for no other zone need not load what is known of zones: that takes as long as a quarter of a command. */
export function isUtc(name: string): boolean {
  return name === 'UTC' || name === 'Etc/UTC';
}

/** An offset such as +02:00 is none: Node knows it from 22 on, systemd never. */
export function isZone(name: string): boolean {
  if (/^[+-]/.test(name)) return false;
  try {
    zoneOf(name);
    return true;
  } catch (error) {
    if (error instanceof RangeError) return false;
    throw error;
  }
}

/** As a file of the zone database is named. Here upper and lower case are one, for systemd they are not. */
export function writtenZone(name: string): string {
  const same = Intl.supportedValuesOf('timeZone').find((zone) => zone.toLowerCase() === name.toLowerCase());
  if (same !== undefined) return same;
  const isOneCase = name === name.toLowerCase() || (name === name.toUpperCase() && name.includes('/'));
  return isOneCase ? new Intl.DateTimeFormat('en-US', { timeZone: name }).resolvedOptions().timeZone : name;
}

function createZone(name: string): Zone {
  const offsetOf = isUtc(name) ? (): Ms => 0 : createOffsets(name);
  const blocks = new Map<number, readonly ZoneSpan[]>();

  function blockAt(index: number): readonly ZoneSpan[] {
    const known = blocks.get(index);
    if (known !== undefined) return known;
    const spans = spansOf(offsetOf, index * BLOCK_MS, (index + 1) * BLOCK_MS);
    blocks.set(index, spans);
    return spans;
  }

  function spanAt(atMs: Ms): ZoneSpan {
    const spans = blockAt(Math.floor(atMs / BLOCK_MS));
    return spans.find(({ endMs }) => atMs < endMs) as ZoneSpan;
  }

  return {
    name,
    spanAt,
    localMs: (atMs) => atMs + spanAt(atMs).offsetMs,
    instantOf(localMs) {
      const before = spanAt(localMs - AROUND_MS);
      const after = spanAt(localMs + AROUND_MS);
      const first = localMs - before.offsetMs;
      if (spanAt(first).offsetMs === before.offsetMs) return first;
      const second = localMs - after.offsetMs;
      if (spanAt(second).offsetMs === after.offsetMs) return second;
      // Neither offset shows it: it lies in the gap, and the change that made it lies between the two.
      let span = spanAt(Math.min(first, second) - SECOND_MS);
      while (span.offsetMs === before.offsetMs) span = spanAt(span.endMs);
      return span.startMs;
    },
  };
}

/** One span, or two where the clocks change in between; the change is looked for by halves. */
function spansOf(offsetOf: (atMs: Ms) => Ms, startMs: Ms, endMs: Ms): readonly ZoneSpan[] {
  const offsetMs = offsetOf(startMs);
  const lastMs = offsetOf(endMs - SECOND_MS);
  if (offsetMs === lastMs) return [{ startMs, endMs, offsetMs }];
  let [low, high] = [startMs, endMs - SECOND_MS];
  while (high - low > SECOND_MS) {
    const middle = low + Math.floor((high - low) / (2 * SECOND_MS)) * SECOND_MS;
    if (offsetOf(middle) === offsetMs) low = middle;
    else high = middle;
  }
  return [
    { startMs, endMs: high, offsetMs },
    { startMs: high, endMs, offsetMs: lastMs },
  ];
}

function createOffsets(timeZone: string): (atMs: Ms) => Ms {
  const format = new Intl.DateTimeFormat('en-US', {
    timeZone,
    calendar: 'iso8601',
    numberingSystem: 'latn',
    hourCycle: 'h23',
    year: 'numeric',
    month: 'numeric',
    day: 'numeric',
    hour: 'numeric',
    minute: 'numeric',
    second: 'numeric',
  });
  return (atMs) => {
    const shown: Record<string, number> = {};
    for (const { type, value } of format.formatToParts(atMs)) shown[type] = Number(value);
    const { year = 0, month = 1, day = 1, hour = 0, minute = 0, second = 0 } = shown;
    return Date.UTC(year, month - 1, day, hour, minute, second) - Math.floor(atMs / SECOND_MS) * SECOND_MS;
  };
}
