import { closeSync, constants, fdatasync, fstatSync, ftruncateSync, openSync, readSync, writeSync } from 'node:fs';
import { dirname } from 'node:path';
import type { AppendLog } from '../ports.ts';
import { attempt, errnoOf, faultOf, refusal } from './fault.ts';
import { SAFE } from './safe-read.ts';
import { flushDirLater } from './safe-write.ts';
import { shareFlushes } from './shared-flush.ts';

const FLAGS = constants.O_RDWR | constants.O_APPEND | constants.O_CREAT | SAFE;
const NEWLINE = 0x0a;

function flushData(fd: number): Promise<void> {
  return new Promise((resolve, reject) => fdatasync(fd, (error) => (error === null ? resolve() : reject(error))));
}

/**
 * A log of lines with one writer. Every text is in the file as a whole or not at all: what a full disk cut off is taken
 * back, and where even that fails the torn line is closed before the next one, as that of an earlier life is.
 */
export function openAppendLog(path: string): AppendLog {
  const fd = attempt('open', path, () => openRegular(path));
  const tail = { isTorn: false };
  // Whatever an earlier life left in the page cache, and the file's own name, wait for the first flush.
  let isNameFlushed = false;
  let closedAtBytes: number | undefined;
  const flushes = shareFlushes(async () => {
    try {
      await flushData(fd);
      if (!isNameFlushed) await flushDirLater(dirname(path));
      isNameFlushed = true;
    } catch (thrown) {
      throw faultOf(thrown, 'flush', path);
    }
  });

  function write(text: string): void {
    if (closedAtBytes !== undefined) throw refusal('EBADF', 'append to', path);
    attempt('append to', path, () => writeOrTakeBack(fd, text, tail));
    flushes.spoil();
  }

  function close(): void {
    if (closedAtBytes !== undefined) return;
    closedAtBytes = attempt('look at', path, () => fstatSync(fd).size);
    // A flush under way goes by the number of the handle, and the next file to be opened would get that number.
    flushes.whenIdle(() => closeSync(fd));
  }

  try {
    tail.isTorn = attempt('read', path, () => endsTorn(fd));
    if (tail.isTorn) write('');
  } catch (thrown) {
    closeSync(fd);
    throw thrown;
  }
  return {
    get endBytes() {
      return closedAtBytes ?? attempt('look at', path, () => fstatSync(fd).size) + (tail.isTorn ? 1 : 0);
    },
    write,
    flush() {
      if (closedAtBytes !== undefined && flushes.isIdle() && !flushes.isClean()) return Promise.reject(refusal('EBADF', 'flush', path));
      return flushes.request();
    },
    close,
  };
}

function openRegular(path: string): number {
  const fd = openSync(path, FLAGS, 0o600);
  if (fstatSync(fd).isFile()) return fd;
  closeSync(fd);
  throw refusal('EINVAL', 'append to', path);
}

function endsTorn(fd: number): boolean {
  const { size } = fstatSync(fd);
  const last = Buffer.alloc(1, NEWLINE);
  if (size > 0) readSync(fd, last, 0, 1, size - 1);
  return last[0] !== NEWLINE;
}

function writeOrTakeBack(fd: number, text: string, tail: { isTorn: boolean }): void {
  const bytes = Buffer.from(tail.isTorn ? `\n${text}` : text);
  let done = 0;
  try {
    while (done < bytes.length) done += writeSync(fd, bytes, done, bytes.length - done);
  } catch (thrown) {
    if (done > 0 && !isTakenBack(fd, done)) tail.isTorn = true;
    throw thrown;
  }
  tail.isTorn = false;
}

function isTakenBack(fd: number, bytes: number): boolean {
  try {
    ftruncateSync(fd, fstatSync(fd).size - bytes);
    return true;
  } catch (thrown) {
    if (errnoOf(thrown) === undefined) throw thrown;
    return false;
  }
}
