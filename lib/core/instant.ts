/** Instants are milliseconds since 1970 in memory, ISO text in files, and 17 digits with T and Z in file names. */
export type Ms = number;

const COMPACT = /^(\d{4})(\d{2})(\d{2})T(\d{2})(\d{2})(\d{2})(\d{3})Z$/;
const FIRST_MS = Date.UTC(1970, 0, 1);
const LAST_MS = Date.UTC(9999, 11, 31, 23, 59, 59, 999);

/** `20261120T070000000Z`: sorts as text in the order of time, safe in every file system. */
export function formatCompact(ms: Ms): string {
  const iso = toIso(ms);
  return `${iso.slice(0, 4)}${iso.slice(5, 7)}${iso.slice(8, 13)}${iso.slice(14, 16)}${iso.slice(17, 19)}${iso.slice(20, 23)}Z`;
}

export function parseCompact(text: string): Ms | undefined {
  const found = COMPACT.exec(text);
  if (found === null) return undefined;
  const [, y, mo, d, h, mi, s, ms] = found.map(Number) as [number, number, number, number, number, number, number, number];
  const at = Date.UTC(y, mo - 1, d, h, mi, s, ms);
  return formatCompact(at) === text ? at : undefined;
}

/** Any number becomes a writable instant: what lies outside 1970 to 9999 is clamped, for clocks do jump. */
export function toIso(ms: Ms): string {
  const safe = Number.isFinite(ms) ? Math.min(LAST_MS, Math.max(FIRST_MS, ms)) : FIRST_MS;
  return new Date(safe).toISOString();
}

/** Reads `2026-11-20T07:00:00Z` and what `Date` reads besides; undefined where there is no instant in it. */
export function parseIso(text: unknown): Ms | undefined {
  if (typeof text !== 'string' || !/^\d{4}-\d{2}-\d{2}/.test(text)) return undefined;
  const at = Date.parse(text);
  return Number.isNaN(at) ? undefined : at;
}

/** The folder-friendly day of an instant, UTC: `2026-11-20`. */
export function dayOf(ms: Ms): string {
  return toIso(ms).slice(0, 10);
}
