import { closeSync, constants, fstatSync, ftruncateSync, openSync, readSync, writeSync } from 'node:fs';
import { attempt } from './fault.ts';
import { SAFE } from './safe-read.ts';

/** What is kept at either end of a log that passed its cap; less where the cap itself is small. */
const KEPT_BYTES = 1024 * 1024;
/** A writer that is faster than the copy of its end is not followed for ever; what it added beyond is dropped and counted. */
const FOLLOWED_BYTES = 8 * KEPT_BYTES;
const NEWLINE = 0x0a;
const LINE = /^\[cadence-bus\] (\d+) bytes dropped here: the log passed its cap of \d+ bytes *\n/m;
/** The line is always as long as this, so that its number can still change when all else is in its place. */
const LINE_BYTES = 112;

/**
 * Cuts a log that has passed its cap down to its beginning, one line that says what is missing, and its end, while its
 * writer goes on appending (`O_APPEND`, so it needs not be told). Bytes, not text: what a child said is evidence and stays
 * as it is. Answers how many bytes of this log were dropped in all; the line of an earlier cut says what was dropped before,
 * and is replaced.
 *
 * The line and the end are put over the middle first, and the end is followed until nothing is added any more; then one
 * `ftruncate` is the cut. So nothing changes its order, a cut that is cut short loses nothing, and only what the writer
 * adds between the last look and that one call is neither kept nor counted: no system lets a file be cut only if it has
 * not grown.
 */
export function cutLog(path: string, capBytes: number): number {
  return attempt('cut', path, () => {
    const fd = openSync(path, constants.O_RDWR | SAFE);
    try {
      const stats = fstatSync(fd);
      const earlier = earlierCut(fd);
      if (!stats.isFile() || stats.size <= capBytes) return earlier.dropped;
      return cut(fd, capBytes, stats.size, earlier);
    } finally {
      closeSync(fd);
    }
  });
}

function cut(fd: number, capBytes: number, sizeBytes: number, earlier: EarlierCut): number {
  const keptBytes = Math.min(KEPT_BYTES, Math.floor(capBytes / 4));
  const head = wholeLines(readAt(fd, 0, Math.min(keptBytes, earlier.from)), 'first');
  const isTorn = head.length > 0 && head.at(-1) !== NEWLINE;
  const line = (dropped: number): Buffer => Buffer.from(`${isTorn ? '\n' : ''}${lineOf(dropped, capBytes)}`);
  const end = wholeLines(readAt(fd, sizeBytes - keptBytes, keptBytes), 'last');
  const ownBytes = earlier.bytes + (isTorn && earlier.from === head.length + 1 ? 1 : 0);
  const dropped = earlier.dropped + sizeBytes - head.length - ownBytes - end.length;
  let from = sizeBytes;
  let to = head.length + line(dropped).length + end.length;
  if (to >= from) return earlier.dropped;
  writeAt(fd, Buffer.concat([line(dropped), end]), head.length);
  while (from - sizeBytes < FOLLOWED_BYTES) {
    const more = readAt(fd, from, KEPT_BYTES);
    if (more.length === 0) break;
    writeAt(fd, more, to);
    from += more.length;
    to += more.length;
  }
  const unread = fstatSync(fd).size - from;
  if (unread > 0) writeAt(fd, line(dropped + unread), head.length);
  ftruncateSync(fd, to);
  return dropped + unread;
}

interface EarlierCut {
  /** Where its line begins; Infinity where there is none. */
  readonly from: number;
  readonly bytes: number;
  readonly dropped: number;
}

function earlierCut(fd: number): EarlierCut {
  const found = LINE.exec(readAt(fd, 0, KEPT_BYTES + 1 + LINE_BYTES).toString('latin1'));
  if (found === null) return { from: Number.POSITIVE_INFINITY, bytes: 0, dropped: 0 };
  return { from: found.index, bytes: found[0].length, dropped: Number(found[1]) };
}

function lineOf(dropped: number, capBytes: number): string {
  return `${`[cadence-bus] ${dropped} bytes dropped here: the log passed its cap of ${capBytes} bytes`.padEnd(LINE_BYTES - 1)}\n`;
}

/** Without the line that is torn at the cut; all of it where it is one endless line. */
function wholeLines(bytes: Buffer, part: 'first' | 'last'): Buffer {
  const at = part === 'first' ? bytes.lastIndexOf(NEWLINE) : bytes.indexOf(NEWLINE);
  if (at < 0 || (part === 'last' && at === bytes.length - 1)) return bytes;
  return part === 'first' ? bytes.subarray(0, at + 1) : bytes.subarray(at + 1);
}

function readAt(fd: number, offset: number, bytes: number): Buffer {
  const buffer = Buffer.allocUnsafe(bytes);
  let length = 0;
  for (let got = -1; got !== 0 && length < bytes; length += got) got = readSync(fd, buffer, length, bytes - length, offset + length);
  return buffer.subarray(0, length);
}

function writeAt(fd: number, bytes: Buffer, offset: number): void {
  for (let done = 0; done < bytes.length; ) done += writeSync(fd, bytes, done, bytes.length - done, offset + done);
}
