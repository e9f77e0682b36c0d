import { constants as bufferLimits, isUtf8 } from 'node:buffer';
import { closeSync, constants, fstatSync, lstatSync, openSync, readSync, type Stats } from 'node:fs';
import type { FileInfo, FileText, OpenFile } from '../ports.ts';
import { attempt, attemptUnless, errnoOf, faultOf, refusal } from './fault.ts';

/**
 * Reading what others may have put there. The path is opened first, in a way that neither follows a symlink nor waits
 * for a FIFO's writer nor takes a terminal; then the open handle is asked what it is, so nothing can be swapped between
 * the question and the reading.
 */
export const SAFE = constants.O_NOFOLLOW | constants.O_NONBLOCK | constants.O_NOCTTY;

/** Linux: that we looked is nothing to write down, and costs a third of a short read. Only an owner of the file may ask for it. */
const UNNOTED = constants.O_NOATIME ?? 0;

/** How systems refuse to open what is no file: a symlink; a socket or a FIFO without a reader (Linux, macOS). */
const NOT_OPENABLE = new Set(['ELOOP', 'EMLINK', 'ENXIO', 'EOPNOTSUPP', 'ENODEV']);
const FORBIDDEN = new Set(['EACCES', 'EPERM']);

function infoOf(stats: Stats): FileInfo {
  const kind = stats.isFile() ? 'file' : stats.isDirectory() ? 'folder' : stats.isSymbolicLink() ? 'symlink' : 'other';
  return { kind, sizeBytes: stats.size, mtimeMs: stats.mtimeMs, ctimeMs: stats.ctimeMs, inode: stats.ino, uid: stats.uid, mode: stats.mode & 0o7777 };
}

export function readInfo(path: string): FileInfo | undefined {
  const stats = attempt('look at', path, () => lstatSync(path, { throwIfNoEntry: false }));
  return stats === undefined ? undefined : infoOf(stats);
}

export function readText(path: string, maxBytes = bufferLimits.MAX_STRING_LENGTH): FileText | undefined {
  let fd: number;
  try {
    fd = openUnnoted(path);
  } catch (thrown) {
    return readRefusal(thrown, path);
  }
  try {
    const info = infoOf(fstatSync(fd));
    if (info.kind !== 'file') return { kind: 'not_a_file', info };
    if (info.sizeBytes > maxBytes) return { kind: 'too_large', info };
    const bytes = readWhole(fd, info.sizeBytes, maxBytes);
    if (bytes === undefined) return { kind: 'too_large', info };
    return isUtf8(bytes) ? { kind: 'text', text: bytes.toString(), info } : { kind: 'not_utf8', info };
  } catch (thrown) {
    throw faultOf(thrown, 'read', path);
  } finally {
    closeSync(fd);
  }
}

function openUnnoted(path: string): number {
  try {
    return openSync(path, constants.O_RDONLY | SAFE | UNNOTED);
  } catch (thrown) {
    if (UNNOTED === 0 || errnoOf(thrown) !== 'EPERM') throw thrown;
    return openSync(path, constants.O_RDONLY | SAFE);
  }
}

function readRefusal(thrown: unknown, path: string): FileText | undefined {
  const errno = errnoOf(thrown) ?? '';
  if (errno === 'ENOENT') return undefined;
  if (!NOT_OPENABLE.has(errno) && !FORBIDDEN.has(errno)) throw faultOf(thrown, 'read', path);
  const info = infoIfAllowed(path);
  if (FORBIDDEN.has(errno) && (info === undefined || info.kind === 'file')) return { kind: 'unreadable', info };
  return { kind: 'not_a_file', info };
}

/** Where even the folder may not be searched, nothing is known of the file. */
function infoIfAllowed(path: string): FileInfo | undefined {
  const stats = attemptUnless('look at', path, 'EACCES', undefined, () => lstatSync(path, { throwIfNoEntry: false }));
  return stats === undefined ? undefined : infoOf(stats);
}

/** To the real end, for a file may grow while it is read; undefined once that is more than `maxBytes`. */
function readWhole(fd: number, expectedBytes: number, maxBytes: number): Buffer | undefined {
  let buffer = Buffer.allocUnsafe(expectedBytes + 1);
  let length = 0;
  for (;;) {
    const got = readSync(fd, buffer, length, buffer.length - length, null);
    length += got;
    if (length > maxBytes) return undefined;
    // Less than there was room for, once all is there that was told of: the end, without a call that only says so.
    const isEnd = length >= expectedBytes && length < buffer.length;
    if (got === 0 || isEnd) return buffer.subarray(0, length);
    if (length === buffer.length) buffer = Buffer.concat([buffer, Buffer.allocUnsafe(Math.max(4096, length))]);
  }
}

export function readRange(path: string, offset: number, bytes: number): Buffer {
  return attempt('read', path, () => {
    const { fd, sizeBytes } = openRegular(path);
    try {
      const buffer = Buffer.allocUnsafe(Math.max(0, Math.min(bytes, sizeBytes - offset)));
      return buffer.subarray(0, fill(fd, buffer, offset));
    } finally {
      closeSync(fd);
    }
  });
}

export function openReading(path: string): OpenFile {
  const { fd } = attempt('read', path, () => openRegular(path));
  return {
    read: (into, offset) => attempt('read', path, () => fill(fd, into, offset)),
    close: () => closeSync(fd),
  };
}

function openRegular(path: string): { readonly fd: number; readonly sizeBytes: number } {
  const fd = openSync(path, constants.O_RDONLY | SAFE);
  try {
    const stats = fstatSync(fd);
    if (!stats.isFile()) throw refusal(stats.isDirectory() ? 'EISDIR' : 'EINVAL', 'read', path);
    return { fd, sizeBytes: stats.size };
  } catch (error) {
    closeSync(fd);
    throw error;
  }
}

function fill(fd: number, into: Buffer, offset: number): number {
  let length = 0;
  while (length < into.length) {
    const got = readSync(fd, into, length, into.length - length, offset + length);
    if (got === 0) break;
    length += got;
  }
  return length;
}
