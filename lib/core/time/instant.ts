/** Instants are milliseconds since 1970 in memory, ISO text in files, and 17 digits with T and Z in file names. */
export type Ms = number;

const COMPACT = /^(\d{4})(\d{2})(\d{2})T(\d{2})(\d{2})(\d{2})(\d{3})Z$/;
const FIRST_MS = Date.UTC(1970, 0, 1);
const DAY_MS: Ms = 86_400_000;
const LAST_MS = Date.UTC(9999, 11, 31, 23, 59, 59, 999);

/** `20261120T070000000Z`: sorts as text in the order of time, safe in every file system. */
export function formatCompact(ms: Ms): string {
  if (ms !== named.ms) {
    const iso = isoOf(ms);
    named = { ms, text: `${iso.slice(0, 4)}${iso.slice(5, 7)}${iso.slice(8, 13)}${iso.slice(14, 16)}${iso.slice(17, 19)}${iso.slice(20, 23)}Z` };
  }
  return named.text;
}

/** Only what `formatCompact` writes. A start reads ten thousand of these, so no text is made to compare with. */
export function parseCompact(text: string): Ms | undefined {
  const found = COMPACT.exec(text);
  if (found === null) return undefined;
  const [y, mo, d] = [Number(found[1]), Number(found[2]), Number(found[3])];
  const [h, mi, s, ms] = [Number(found[4]), Number(found[5]), Number(found[6]), Number(found[7])];
  if (y < 1970 || mo < 1 || mo > 12 || d < 1 || d > 31 || h > 23 || mi > 59 || s > 59) return undefined;
  const at = Date.UTC(y, mo - 1, d, h, mi, s, ms);
  // The 31st of a month of 30 days would be the 1st of the next.
  return d < 29 || new Date(at).getUTCDate() === d ? at : undefined;
}

/** What was written last, in a text and in a name, and what was read last: a busy owner asks a dozen times for the same millisecond, and what it names is older. */
let written = { ms: Number.NaN, safeMs: FIRST_MS, text: '1970-01-01T00:00:00.000Z' };
let named = { ms: Number.NaN, text: '' };
let read: { readonly text: string; readonly ms: Ms | undefined } = { text: '', ms: undefined };
let today = { startMs: Number.NaN, name: '' };

/** Any number becomes a writable instant, by its millisecond: what lies outside 1970 to 9999 is clamped, for clocks do jump. */
export function toIso(ms: Ms): string {
  const whole = Math.floor(ms);
  if (whole !== written.ms) written = { ms: whole, safeMs: within(whole), text: isoOf(whole) };
  return written.text;
}

/** By arithmetic within a day that is known, for `Date` takes five times as long, and a busy owner names each file by an instant of its own. */
function isoOf(ms: Ms): string {
  const safe = within(ms);
  const { startMs, name } = dayAt(safe);
  const seconds = Math.floor((safe - startMs) / 1_000);
  const [hour, minute] = [Math.floor(seconds / 3_600), Math.floor(seconds / 60) % 60];
  return `${name}T${digits(hour, 2)}:${digits(minute, 2)}:${digits(seconds % 60, 2)}.${digits((safe - startMs) % 1_000, 3)}Z`;
}

const digits = (value: number, length: number): string => String(value).padStart(length, '0');

/** Reads `2026-11-20T07:00:00Z` and what `Date` reads besides; undefined where there is no instant in it. */
export function parseIso(text: unknown): Ms | undefined {
  if (text === read.text) return read.ms;
  if (text === written.text) return written.safeMs;
  if (typeof text !== 'string' || !/^\d{4}-\d{2}-\d{2}/.test(text)) return undefined;
  const at = Date.parse(text);
  if (Number.isNaN(at)) return undefined;
  // Without a zone it is a local time, and the zone of a process may change.
  if (text.endsWith('Z')) read = { text, ms: at };
  return at;
}

/** `Date` reads the 30th of February as the 2nd of March; whoever wrote it meant something else. */
export function isIsoInstant(text: string): boolean {
  const day = text.slice(0, 10);
  const atMs = parseIso(day);
  return parseIso(text) !== undefined && atMs !== undefined && new Date(atMs).toISOString().slice(0, 10) === day;
}

/** The folder-friendly day of an instant, UTC: `2026-11-20`. */
export function dayOf(ms: Ms): string {
  return dayAt(within(ms)).name;
}

function dayAt(safeMs: Ms): { readonly startMs: Ms; readonly name: string } {
  if (!(safeMs >= today.startMs && safeMs < today.startMs + DAY_MS)) {
    const startMs = Math.floor(safeMs / DAY_MS) * DAY_MS;
    today = { startMs, name: new Date(startMs).toISOString().slice(0, 10) };
  }
  return today;
}

function within(ms: Ms): Ms {
  return Number.isFinite(ms) ? Math.min(LAST_MS, Math.max(FIRST_MS, Math.floor(ms))) : FIRST_MS;
}
