import type { LogPosition } from '../core/holds.ts';
import { type FiredLine, foldLine, type SlotCursor, type SlotLine } from '../core/slot/line.ts';
import type { Files } from '../ports.ts';
import { parseCursors, parseSlotLine } from '../wire/slot.ts';
import { chunksBackward, chunksForward, NEWLINE } from './chunks.ts';
import { LOG_START } from './position.ts';
import { type LogFiles, listDays, segmentBytes, segmentPath } from './segments.ts';

/**
 * What the slot ledger comes to, per cadence: a fold over its lines. `cursors.json` is a snapshot of it, so that a reader
 * folds only what lies behind. It is derived: broken or ahead of the ledger, it is made anew from the lines that are there.
 */
export interface SlotCursors {
  readonly cursors: Map<string, SlotCursor>;
  /** The last line about the life of an owner. */
  life: Extract<SlotLine, { kind: 'started' | 'stopped' }> | undefined;
  /** When the last line was written. */
  lastTs: string;
  /** What was fired last, all at once: one batch has one time. */
  lastFired: FiredLine[];
  through: LogPosition;
}

const MAX_CURSORS_BYTES = 64 * 1024 * 1024;
export const cursorsPath = (dir: string): string => `${dir}/cursors.json`;

const NOTHING = (): SlotCursors => ({ cursors: new Map(), life: undefined, lastTs: '', lastFired: [], through: LOG_START });

export function foldInto(all: SlotCursors, line: SlotLine): void {
  all.lastTs = line.ts;
  if (line.kind === 'started' || line.kind === 'stopped') all.life = line;
  if (!('cadence' in line)) return;
  if (line.kind === 'fired') {
    if (all.lastFired[0]?.ts !== line.ts) all.lastFired = [];
    all.lastFired.push(line);
  }
  const cursor = foldLine(all.cursors.get(line.cadence), line);
  if (cursor !== undefined) all.cursors.set(line.cadence, cursor);
}

export function loadCursors(files: LogFiles & Pick<Files, 'read'>, dir: string): SlotCursors {
  const file = files.read(cursorsPath(dir), MAX_CURSORS_BYTES);
  const saved = file?.kind === 'text' ? parseCursors(file.text) : undefined;
  const isTrusted = saved !== undefined && (saved.through.day === '' || (segmentBytes(files, dir, saved.through.day) ?? -1) >= saved.through.bytes);
  const all: SlotCursors = isTrusted ? { ...saved, cursors: new Map(saved.cursors), lastFired: [...saved.lastFired] } : NOTHING();
  for (const day of listDays(files, dir)) {
    if (day < all.through.day || segmentBytes(files, dir, day) === undefined) continue;
    const from = day === all.through.day ? all.through.bytes : 0;
    for (const chunk of chunksForward(files, segmentPath(dir, day), from)) {
      for (const line of linesOf(chunk.bytes)) foldInto(all, line);
      all.through = { day, bytes: chunk.offset + chunk.bytes.length };
    }
  }
  return all;
}

/** The day on which the snapshot ends, and whoever reads it goes on; undefined: there is none. */
export function cursorsFoldedTo(files: Pick<Files, 'read'>, dir: string): string | undefined {
  const file = files.read(cursorsPath(dir), MAX_CURSORS_BYTES);
  return file?.kind === 'text' ? parseCursors(file.text)?.through.day || undefined : undefined;
}

export function formatCursors({ cursors, through, life, lastTs, lastFired }: SlotCursors): string {
  return `${JSON.stringify({ format: 1, through, last_ts: lastTs, last_fired: lastFired, life: life ?? null, cadences: Object.fromEntries(cursors) })}\n`;
}

/** Lines of the ledger that were written on this day or later and hold these bytes, newest first. */
export function* slotLinesBackward(files: LogFiles, dir: string, firstDay: string, needle?: string): Generator<SlotLine> {
  for (const day of listDays(files, dir).toReversed()) {
    const bytes = segmentBytes(files, dir, day);
    if (day < firstDay) return;
    if (bytes === undefined) continue;
    for (const chunk of chunksBackward(files, segmentPath(dir, day), bytes)) yield* [...linesOf(chunk.bytes, needle)].reverse();
  }
}

function* linesOf(bytes: Buffer, needle?: string): Generator<SlotLine> {
  for (let start = 0; start < bytes.length; ) {
    const hit = needle === undefined ? start : bytes.indexOf(needle, start);
    if (hit < 0) return;
    const end = bytes.indexOf(NEWLINE, hit);
    const line = parseSlotLine(bytes.toString('utf8', bytes.lastIndexOf(NEWLINE, hit) + 1, end));
    if (line !== undefined) yield line;
    start = end + 1;
  }
}
