import { parseTickName, type TickName } from './tick.ts';

/**
 * A batch under way is one file, whose lines run where they stand:
 *
 *     claimed/<id>.<its name in the inbox>.ndjson         whole until its last line is settled
 *     claimed/<id>.<its name in the inbox>.ndjson.done    how far it is, only ever appended to
 *
 * Each line of the second one is one of these, lines of the batch being counted from 0:
 *
 *     {"begun":17,"id":"x7k2p9qd4mzt"}       its run begins: the rename that charges a tick of its own
 *     {"moved":17,"to":"<name of a tick>"}    it is to lie in waiting/ under this name, and does so before it is done
 *     {"done":[[0,15],[18,18]]}              settled: their records, or their own files, are on disk
 */
export interface BatchName {
  readonly id: string;
  /** What it was called in the inbox; empty where that is not fit for a name. */
  readonly label: string;
}

export interface BatchProgress {
  /** Which tick each became. */
  readonly begun: Map<number, string>;
  readonly moved: Map<number, TickName>;
  readonly done: Set<number>;
}

const NAME = /^([a-z0-9]{12})(?:\.([A-Za-z0-9][\w-]{0,59}))?\.ndjson$/;
const LABEL = /^[A-Za-z0-9][\w-]{0,59}$/;
export const MAX_BATCH_BYTES = 64 * 1024 * 1024;

export function batchName(id: string, file: string): BatchName {
  const stem = file.slice(0, -'.ndjson'.length);
  return { id, label: LABEL.test(stem) ? stem : '' };
}

export function formatBatchName({ id, label }: BatchName): string {
  return label === '' ? `${id}.ndjson` : `${id}.${label}.ndjson`;
}

export function parseBatchName(file: string): BatchName | undefined {
  const found = NAME.exec(file);
  return found === null ? undefined : { id: found[1] as string, label: found[2] ?? '' };
}

export function progressFile(file: string): string {
  return `${file}.done`;
}

/** What is a batch's progress by its name: the name of the batch. */
export function batchOfProgress(file: string): string | undefined {
  const batch = file.endsWith('.done') ? file.slice(0, -'.done'.length) : '';
  return NAME.test(batch) ? batch : undefined;
}

/** A line that more is written behind keeps its number. */
export function splitLines(text: string): string[] {
  const lines = text.split('\n');
  if (lines.at(-1) === '') lines.pop();
  return lines;
}

export function begunLine(line: number, id: string): string {
  return `{"begun":${line},"id":"${id}"}\n`;
}

export function movedLine(line: number, file: string): string {
  return `{"moved":${line},"to":"${file}"}\n`;
}

export function doneLine(lines: readonly number[]): string {
  const ranges: [number, number][] = [];
  for (const line of lines.toSorted((a, b) => a - b)) {
    const last = ranges.at(-1);
    if (last !== undefined && line <= last[1] + 1) last[1] = line;
    else ranges.push([line, line]);
  }
  return `{"done":${JSON.stringify(ranges)}}\n`;
}

/** What a power cut tore is no JSON, and says nothing. */
export function readProgress(text: string): BatchProgress {
  const progress: BatchProgress = { begun: new Map(), moved: new Map(), done: new Set() };
  for (const line of text.split('\n')) if (line.startsWith('{')) readEntry(line, progress);
  return progress;
}

function readEntry(line: string, { begun, moved, done }: BatchProgress): void {
  let entry: Readonly<Record<string, unknown>>;
  try {
    entry = JSON.parse(line);
  } catch (error) {
    if (error instanceof SyntaxError) return;
    throw error;
  }
  const { id, to } = entry;
  if (typeof entry.begun === 'number' && typeof id === 'string') begun.set(entry.begun, id);
  const name = typeof entry.moved === 'number' && typeof to === 'string' ? parseTickName(to) : undefined;
  if (name !== undefined) moved.set(entry.moved as number, name);
  if (Array.isArray(entry.done)) for (const [from, last] of entry.done) for (let n = from; n <= last; n += 1) done.add(n);
}
