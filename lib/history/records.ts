import type { LogPosition } from '../core/holds.ts';
import type { RunRecord } from '../core/run.ts';
import { type Chunk, chunksBackward, chunksForward, NEWLINE } from './chunks.ts';
import { parseLink } from './position.ts';
import { parseRecordLine } from './record-line.ts';
import { type LogFiles, listDays, segmentBytes, segmentPath } from './segments.ts';

/** A record and where its line begins. */
export interface Found {
  readonly run: RunRecord;
  /** The link to the record before it of the same cadence, see there. */
  readonly prev: string | null | undefined;
  readonly at: LogPosition;
  /** Where the next line begins. */
  readonly end: LogPosition;
}

/** A line that is no record, and is not blank. */
export type OnGarbage = (at: LogPosition) => void;

/** Every record that begins at `from` or behind it, oldest first. */
export function* recordsForward(files: LogFiles, dir: string, from: LogPosition, onGarbage?: OnGarbage): Generator<Found> {
  for (const day of listDays(files, dir)) {
    if (day < from.day || segmentBytes(files, dir, day) === undefined) continue;
    const start = day === from.day ? from.bytes : 0;
    for (const chunk of chunksForward(files, segmentPath(dir, day), start)) {
      for (let line = 0; line < chunk.bytes.length; ) {
        const end = chunk.bytes.indexOf(NEWLINE, line);
        const found = recordAt(chunk, day, line, end, onGarbage);
        if (found !== undefined) yield found;
        line = end + 1;
      }
    }
  }
}

/** The day before which records were removed: the first that there are link to older ones. undefined: none were, as far as the log shows. */
export function goneBefore(files: LogFiles, dir: string): string | undefined {
  const [day] = listDays(files, dir);
  if (day === undefined) return undefined;
  for (const { prev, at } of recordsForward(files, dir, { day, bytes: 0 })) {
    if (at.day !== day) return undefined;
    if ((parseLink(prev)?.day ?? day) < day) return day;
  }
  return undefined;
}

export interface BackwardQuery {
  /** Only what begins before it. */
  readonly before?: LogPosition | undefined;
  /** Days before this one are left out. */
  readonly firstDay?: string | undefined;
  /** Only lines that contain one of these are looked at: a sieve, the caller checks what passes. */
  readonly needles?: readonly string[] | undefined;
  /** The end of the search, once so many lines lie behind it. */
  readonly enough?: number | undefined;
}

/** Every record, newest first. */
export function* recordsBackward(files: LogFiles, dir: string, query: BackwardQuery = {}): Generator<Found> {
  const needles = query.needles?.map((needle) => Buffer.from(needle));
  let passed = 0;
  for (const day of listDays(files, dir).toReversed()) {
    if (query.firstDay !== undefined && day < query.firstDay) return;
    if (query.before !== undefined && day > query.before.day) continue;
    const bytes = segmentBytes(files, dir, day);
    if (bytes === undefined) continue;
    const end = day === query.before?.day ? Math.min(bytes, query.before.bytes) : bytes;
    for (const chunk of chunksBackward(files, segmentPath(dir, day), end)) {
      for (const line of needles === undefined ? everyLine(chunk.bytes) : linesWith(chunk.bytes, needles)) {
        const found = recordAt(chunk, day, line.start, line.end);
        if (found !== undefined) yield found;
      }
      if (query.enough === undefined) continue;
      passed += countLines(chunk.bytes);
      if (passed >= query.enough) return;
    }
  }
}

function countLines(bytes: Buffer): number {
  let count = 0;
  for (let at = bytes.indexOf(NEWLINE); at >= 0; at = bytes.indexOf(NEWLINE, at + 1)) count += 1;
  return count;
}

interface Line {
  readonly start: number;
  readonly end: number;
}

/** Last line first, without its newline. */
function* everyLine(bytes: Buffer): Generator<Line> {
  for (let end = bytes.length - 1; end >= 0; ) {
    const start = end === 0 ? 0 : bytes.lastIndexOf(NEWLINE, end - 1) + 1;
    yield { start, end };
    end = start - 1;
  }
}

/** The same for lines with one of the needles in them. Searching forward is many times faster than backward. */
function linesWith(bytes: Buffer, needles: readonly Buffer[]): readonly Line[] {
  const lines = new Map<number, Line>();
  for (const needle of needles) {
    for (let hit = bytes.indexOf(needle); hit >= 0; ) {
      const start = bytes.lastIndexOf(NEWLINE, hit) + 1;
      const end = bytes.indexOf(NEWLINE, hit);
      lines.set(start, { start, end });
      hit = bytes.indexOf(needle, end);
    }
  }
  return [...lines.values()].sort((a, b) => b.start - a.start);
}

function recordAt(chunk: Chunk, day: string, start: number, end: number, onGarbage?: OnGarbage): Found | undefined {
  if (end <= start) return undefined;
  const line = parseRecordLine(chunk.bytes, start, end);
  const at = { day, bytes: chunk.offset + start };
  if (line === undefined) onGarbage?.(at);
  return line === undefined ? undefined : { run: line.run, prev: line.prev, at, end: { day, bytes: chunk.offset + end + 1 } };
}
