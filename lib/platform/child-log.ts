import { closeSync, constants, fstatSync, ftruncateSync, openSync, readSync, writeSync } from 'node:fs';
import { attempt } from './fault.ts';
import { SAFE } from './safe-read.ts';

/** What is kept at either end of a log that passed its cap; less where the cap itself is small. */
const KEPT_BYTES = 1024 * 1024;
const NEWLINE = 0x0a;

/**
 * Cuts a log that has passed its cap down to its beginning, one line that says what is missing, and its end, while its
 * writer goes on appending (`O_APPEND`, so it needs not be told). Bytes, not text: what a child said is evidence and stays
 * as it is. Answers how many bytes were dropped now; `droppedBefore` is what earlier cuts of the same log dropped, whose
 * line is replaced. What the writer adds between the cut and the line stands in front of the line.
 */
export function cutLog(path: string, capBytes: number, droppedBefore: number): number {
  return attempt('cut', path, () => {
    const fd = openSync(path, constants.O_RDWR | constants.O_APPEND | SAFE);
    try {
      const { size } = fstatSync(fd);
      if (!fstatSync(fd).isFile() || size <= capBytes) return 0;
      const keptBytes = Math.min(KEPT_BYTES, Math.floor(capBytes / 4));
      const head = wholeLines(readAt(fd, 0, keptBytes), 'first');
      const tail = wholeLines(readAt(fd, size - keptBytes, keptBytes), 'last');
      const earlier = droppedBefore === 0 ? 0 : Buffer.byteLength(marker(droppedBefore, capBytes, head));
      const dropped = fstatSync(fd).size - head.length - tail.length - earlier;
      ftruncateSync(fd, head.length);
      writeAll(fd, Buffer.concat([Buffer.from(marker(droppedBefore + dropped, capBytes, head)), tail]));
      return dropped;
    } finally {
      closeSync(fd);
    }
  });
}

function marker(dropped: number, capBytes: number, head: Buffer): string {
  const line = `[cadence-bus] ${dropped} bytes dropped here: the log passed its cap of ${capBytes} bytes\n`;
  return head.length > 0 && head.at(-1) !== NEWLINE ? `\n${line}` : line;
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

function writeAll(fd: number, bytes: Buffer): void {
  for (let done = 0; done < bytes.length; ) done += writeSync(fd, bytes, done);
}
