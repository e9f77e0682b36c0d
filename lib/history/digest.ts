import { lastRunOf } from '../core/cadence-digest.ts';
import { CadenceError } from '../core/error.ts';
import type { LogPosition } from '../core/holds.ts';
import { createSpending, foldSpending, type Spending } from '../core/money/spending.ts';
import { isProven, type RunRecord } from '../core/run.ts';
import { parseJson } from '../core/text/json-text.ts';
import { createLocalDays, type LocalDay, type LocalDays } from '../core/time/local-day.ts';
import type { CadenceDigest, Files } from '../ports.ts';
import { MAX_LINE_BYTES, NEWLINE } from './chunks.ts';
import { formatLink, isBefore, isDay, LOG_START, parseLink } from './position.ts';
import { isRunRecord, parseRecordLine } from './record-line.ts';
import { recordsForward } from './records.ts';
import { type LogFiles, readBytes, segmentBytes, segmentPath } from './segments.ts';
import { formatSpending, parseSpending } from './spending-snapshot.ts';

/**
 * What the log of runs comes to, per cadence: a fold over all records. `digest.json` is a snapshot of it, so that a
 * reader folds only the tail behind it. It is derived: absent, broken, or not matching the log, it is made anew from the
 * log. What retention has removed from the log stays counted as long as the snapshot lives.
 */
export interface Digest {
  readonly cadences: Map<string, DigestEntry>;
  readonly spending: Spending;
  /** Whose days the spending is counted by: the zone of the owner who wrote the snapshot. */
  zone: string;
  days: LocalDays;
  through: LogPosition;
}

export interface DigestEntry extends CadenceDigest {
  readonly at: LogPosition;
}

/** Whether there is such a zone is looked at by who needs its days: to ask loads as much as half a command. */
const ZONE = /^[A-Za-z0-9_+\-/:]{1,64}$/;
const LONGEST_DAY_MS = 26 * 3_600_000;
const MAX_DIGEST_BYTES = 256 * 1024 * 1024;

export const digestPath = (dir: string): string => `${dir}/digest.json`;

/** All but the spending, which counts from the end of a run on, whether its line is written yet or not. */
export function foldRecord(digest: Digest, run: RunRecord, at: LogPosition, through: LogPosition): void {
  const before = digest.cadences.get(run.cadence);
  const succeeded = isProven(run) ? 1 : 0;
  const failed = run.status === 'failed' || run.status === 'dead' ? 1 : 0;
  const served = run.status === 'coalesced' ? lastRunOf(before) : undefined;
  digest.cadences.set(run.cadence, {
    last: run,
    ...(served === undefined ? {} : { served }),
    at,
    runs: (before?.runs ?? 0) + 1,
    succeeded: (before?.succeeded ?? 0) + succeeded,
    failed: (before?.failed ?? 0) + failed,
    consecutive_failures: succeeded === 1 ? 0 : (before?.consecutive_failures ?? 0) + failed,
  });
  digest.through = through;
}

/**
 * The digest of the log as it is now. `wasTrusted` false: there was a snapshot and it did not match the log; the
 * one writer has to replace it before it writes another line, or it would come to match by accident. The days of spending
 * are those of `zone` where no snapshot says whose they are.
 */
export function loadDigest(
  files: LogFiles & Pick<Files, 'read'>,
  dir: string,
  zone: string = 'UTC',
): { readonly digest: Digest; readonly tailBytes: number; readonly wasTrusted: boolean } {
  const file = files.read(digestPath(dir), MAX_DIGEST_BYTES);
  const saved = file?.kind === 'text' ? parseDigest(file.text) : undefined;
  const isTrusted = saved !== undefined && matchesLog(files, dir, saved);
  const digest = isTrusted ? saved : { cadences: new Map(), spending: createSpending(), zone, days: createLocalDays(zone), through: LOG_START };
  return { digest, tailBytes: foldTail(files, dir, digest), wasTrusted: file === undefined || isTrusted };
}

/** The day on which the snapshot ends, and whoever reads it goes on; undefined: there is none. */
export function digestFoldedTo(files: Pick<Files, 'read'>, dir: string): string | undefined {
  const file = files.read(digestPath(dir), MAX_DIGEST_BYTES);
  return file?.kind === 'text' ? parseDigest(file.text)?.through.day || undefined : undefined;
}

/** How many bytes of records lay behind it. */
function foldTail(files: LogFiles, dir: string, digest: Digest): number {
  let tailBytes = 0;
  for (const { run, at, end } of recordsForward(files, dir, digest.through)) {
    tailBytes += end.bytes - at.bytes;
    foldRecord(digest, run, at, end);
    foldSpending(digest.spending, run, digest.days);
  }
  return tailBytes;
}

/** The digest as it is at each call, of which only what has come since the last call is read. */
export function createDigestReader(files: LogFiles & Pick<Files, 'read'>, dir: string): () => Digest {
  let known: Digest | undefined;
  return () => {
    if (known === undefined || !matchesLog(files, dir, known)) known = loadDigest(files, dir).digest;
    else foldTail(files, dir, known);
    return known;
  };
}

/** The log reaches as far as the snapshot, a line ends there, and its newest record stands where the snapshot says. */
function matchesLog(files: LogFiles, dir: string, digest: Digest): boolean {
  const { day, bytes } = digest.through;
  if (day === '' && bytes === 0) return digest.cadences.size === 0;
  if (!isDay(day) || segmentBytes(files, dir, day) === undefined) return false;
  if (bytes > 0 && readBytes(files, segmentPath(dir, day), bytes - 1, 1)[0] !== NEWLINE) return false;
  const entries = [...digest.cadences.values()];
  if (entries.some((entry) => !isBefore(entry.at, digest.through))) return false;
  const newest = entries.reduce<DigestEntry | undefined>((best, entry) => (best !== undefined && isBefore(entry.at, best.at) ? best : entry), undefined);
  if (newest === undefined || newest.at.day !== day) return true;
  const rest = readBytes(files, segmentPath(dir, day), newest.at.bytes, Math.min(MAX_LINE_BYTES, bytes - newest.at.bytes));
  const line = parseRecordLine(rest, 0, rest.indexOf(NEWLINE));
  return line?.run.run_id === newest.last.run_id && line.run.ended_at === newest.last.ended_at;
}

export function formatDigest(digest: Digest): string {
  const cadences = Object.fromEntries([...digest.cadences].map(([name, entry]) => [name, { ...entry, at: formatLink(entry.at) }]));
  return `${JSON.stringify({ format: 2, through: digest.through, cadences, zone: digest.zone, day: digest.days.latest(), spending: formatSpending(digest.spending) })}\n`;
}

function parseDigest(text: string): Digest | undefined {
  const value = parseJson(text);
  if (!isObject(value) || value.format !== 2 || !isObject(value.cadences)) return undefined;
  const { through, zone } = value;
  const spending = parseSpending(value.spending);
  if (spending === undefined || typeof zone !== 'string' || !ZONE.test(zone)) return undefined;
  if (!isObject(through) || typeof through.day !== 'string' || !isCount(through.bytes)) return undefined;
  const cadences = new Map<string, DigestEntry>();
  for (const [name, saved] of Object.entries(value.cadences)) {
    const entry = parseEntry(saved);
    if (entry === undefined || entry.last.cadence !== name) return undefined;
    cadences.set(name, entry);
  }
  return { cadences, spending, zone, days: createLocalDays(zone, parseDay(value.day)), through: { day: through.day, bytes: through.bytes } };
}

/** Kept, so that a command that reads the newest records need not load what is known of zones. */
function parseDay(saved: unknown): LocalDay | undefined {
  if (!isObject(saved)) return undefined;
  const { name, startMs, endMs } = saved;
  if (typeof name !== 'string' || !isDay(name) || !isCount(startMs) || !isCount(endMs)) return undefined;
  return endMs > startMs && endMs - startMs <= LONGEST_DAY_MS ? { name, startMs, endMs } : undefined;
}

function parseEntry(saved: unknown): DigestEntry | undefined {
  if (!isObject(saved)) return undefined;
  const { last, served, runs, succeeded, failed, consecutive_failures } = saved;
  const at = parseLink(saved.at);
  if (at === undefined || !isRunRecord(last) || !isCount(runs) || !isCount(succeeded) || !isCount(failed) || !isCount(consecutive_failures)) return undefined;
  if (served !== undefined && !isRunRecord(served)) return undefined;
  return { last, ...(served === undefined ? {} : { served }), at, runs, succeeded, failed, consecutive_failures };
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}

/** false: the disk refused it. The snapshot is derived, so nothing is lost but time. */
export function saveDigest(files: Pick<Files, 'write'>, dir: string, text: string): boolean {
  try {
    files.write(digestPath(dir), text);
    return true;
  } catch (error) {
    if (error instanceof CadenceError && (error.code === 'io' || error.code === 'permission')) return false;
    throw error;
  }
}
