import type { Files, OpenFile } from '../ports.ts';
import { isDay } from './position.ts';

/** What reading needs of the disk. */
export type LogFiles = Pick<Files, 'list' | 'info' | 'readRange' | 'open'>;

/**
 * A log is a folder of segments `<day>.jsonl`. A segment only grows, and only the newest one does; whole ones vanish at
 * the old end (retention). So a place in the log is a day and an offset, and it stays true for ever.
 */
const SUFFIX = '.jsonl';

export function segmentPath(dir: string, day: string): string {
  return `${dir}/${day}${SUFFIX}`;
}

function segmentDay(name: string): string | undefined {
  const day = name.endsWith(SUFFIX) ? name.slice(0, -SUFFIX.length) : '';
  return isDay(day) ? day : undefined;
}

/** Days with a segment, oldest first. */
export function listDays(files: Pick<Files, 'list'>, dir: string): readonly string[] {
  return files
    .list(dir)
    .map(segmentDay)
    .filter((day) => day !== undefined)
    .sort();
}

/** undefined: there is no such segment, or what bears its name is no regular file. */
export function segmentBytes(files: Pick<Files, 'info'>, dir: string, day: string): number | undefined {
  const info = files.info(segmentPath(dir, day));
  return info?.kind === 'file' ? info.sizeBytes : undefined;
}

/** undefined: it was removed. The caller closes it. */
export function openSegment(files: LogFiles, dir: string, day: string): OpenFile | undefined {
  const path = segmentPath(dir, day);
  try {
    return files.open(path);
  } catch (error) {
    if (files.info(path) === undefined) return undefined;
    throw error;
  }
}

/** Nothing where the segment was removed while we were reading: retention does not wait for readers. */
export function readBytes(files: LogFiles, path: string, offset: number, bytes: number): Buffer {
  try {
    return files.readRange(path, offset, bytes);
  } catch (error) {
    if (files.info(path) === undefined) return Buffer.alloc(0);
    throw error;
  }
}
