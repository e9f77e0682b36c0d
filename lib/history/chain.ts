import type { LogPosition } from '../core/holds.ts';
import type { Closeable, OpenFile } from '../ports.ts';
import { MAX_LINE_BYTES, NEWLINE } from './chunks.ts';
import { isBefore, parseLink } from './position.ts';
import { parseRecordLine, type RecordLine } from './record-line.ts';
import { type Found, recordsBackward } from './records.ts';
import { type LogFiles, openSegment, segmentBytes } from './segments.ts';

/**
 * The records of one cadence, newest first, from link to link: one positioned read a record at most. A link into a
 * segment that was removed ends the chain with what is older than that segment, which after retention is nothing. A
 * link that leads to anything else than an older record of the cadence is not believed: from there on the log is read.
 */
export function* chainBackward(files: LogFiles, dir: string, cadence: string, head: LogPosition): Generator<Found> {
  const reader = createLineReader(files, dir);
  let at: LogPosition | null = head;
  let newer: LogPosition | undefined;
  try {
    while (at !== null) {
      const isOlder: boolean = newer === undefined || isBefore(at, newer);
      const isEntered = isOlder && at.day !== newer?.day;
      if (isEntered && segmentBytes(files, dir, at.day) === undefined) return yield* readLog(files, dir, cadence, { day: at.day, bytes: 0 });
      const line: RecordLine | undefined = isOlder ? reader.read(at, newer) : undefined;
      if (line?.run.cadence !== cadence) return yield* readLog(files, dir, cadence, newer);
      yield { run: line.run, prev: line.prev, at, end: newer ?? at };
      const prev: LogPosition | null | undefined = line.prev === null ? null : parseLink(line.prev);
      if (prev === undefined) return yield* readLog(files, dir, cadence, at);
      newer = at;
      at = prev;
    }
  } finally {
    reader.close();
  }
}

function* readLog(files: LogFiles, dir: string, cadence: string, before: LogPosition | undefined): Generator<Found> {
  for (const found of recordsBackward(files, dir, { before, needles: [`"cadence":${JSON.stringify(cadence)}`] })) {
    if (found.run.cadence === cadence) yield found;
  }
}

const LINE_BYTES = 2 * 1024;
const WINDOW_BYTES = 64 * 1024;

interface LineReader extends Closeable {
  read(at: LogPosition, newer: LogPosition | undefined): RecordLine | undefined;
}

/** So far apart, some lines read one by one cost less than all that lies between them. */
const NEAR_BYTES = 8 * 1024;

/**
 * Reads single lines, of each segment through one open file and into one buffer. Where a cadence fills most of the log,
 * its next record is near: then what lies before the newer one is read at once, and the next links cost nothing.
 */
function createLineReader(files: LogFiles, dir: string): LineReader {
  const buffer = Buffer.allocUnsafe(WINDOW_BYTES);
  let segment: { readonly day: string; readonly file: OpenFile | undefined } | undefined;
  let window: { readonly day: string; readonly offset: number; readonly bytes: Buffer } | undefined;

  function parseWithin(at: LogPosition): RecordLine | 'not_whole' | undefined {
    if (window === undefined || window.day !== at.day || at.bytes < window.offset) return 'not_whole';
    const start = at.bytes - window.offset;
    const end = start < window.bytes.length ? window.bytes.indexOf(NEWLINE, start) : -1;
    return end < 0 ? 'not_whole' : parseRecordLine(window.bytes, start, end);
  }

  function fill(day: string, offset: number, bytes: number): void {
    if (segment?.day !== day) {
      segment?.file?.close();
      segment = undefined;
      segment = { day, file: openSegment(files, dir, day) };
    }
    const into = bytes <= buffer.length ? buffer.subarray(0, bytes) : Buffer.allocUnsafe(bytes);
    window = { day, offset, bytes: into.subarray(0, segment.file?.read(into, offset) ?? 0) };
  }

  return {
    read(at, newer) {
      let line = parseWithin(at);
      if (line === 'not_whole' && newer?.day === at.day && newer.bytes - at.bytes <= NEAR_BYTES) {
        const offset = Math.max(0, newer.bytes - WINDOW_BYTES);
        fill(at.day, offset, newer.bytes - offset);
        line = parseWithin(at);
      }
      for (let bytes = LINE_BYTES; line === 'not_whole' && bytes <= MAX_LINE_BYTES; bytes *= 8) {
        fill(at.day, at.bytes, bytes);
        line = parseWithin(at);
      }
      return line === 'not_whole' ? undefined : line;
    },
    close: () => segment?.file?.close(),
  };
}
