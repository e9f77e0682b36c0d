import { closeSync, constants, fstatSync, fsyncSync, ftruncateSync, lstatSync, openSync, renameSync, unlinkSync, writeFileSync, writeSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname } from 'node:path';
import type writeFileAtomic from 'write-file-atomic';
import { attempt, attemptUnless, errnoOf, faultOf, refusal } from './fault.ts';
import { outliveFileLimit } from './file-limit.ts';
import { noteMove } from './own-moves.ts';
import { SAFE } from './safe-read.ts';

/** For the first use: the `enqueue` path needs nothing but `node:` modules. Under this name the bundle takes in what it loads. */
const require = createRequire(import.meta.url);

/**
 * Whole or not at all, and on disk when it returns. The library takes one short write(2) for success, which on a full
 * disk would put half a file in the place of a whole one; so it is given nothing to write, and the text goes to its
 * temporary file from here, where a short write goes on or throws.
 */
export function writeWhole(path: string, text: string, mode = 0o600): void {
  attempt('write', path, () => {
    if (lstatSync(path, { throwIfNoEntry: false })?.isSymbolicLink() === true) throw refusal('ELOOP', 'write', path);
    outliveFileLimit();
    const atomic = require('write-file-atomic') as typeof writeFileAtomic;
    atomic.sync(path, '', { mode, tmpfileCreated: (temporary) => writeFileSync(temporary, text) });
  });
  flushDir(dirname(path));
}

export function createWhole(path: string, text: string): boolean {
  const fd = attemptUnless('create', path, 'EEXIST', undefined, () => openSync(path, 'wx', 0o600));
  if (fd === undefined) return false;
  try {
    const bytes = Buffer.from(text);
    for (let done = 0; done < bytes.length; ) done += writeSync(fd, bytes, done, bytes.length - done);
  } catch (thrown) {
    // Half a file would be judged by whoever finds it; better none.
    attempt('remove', path, () => unlinkSync(path));
    throw faultOf(thrown, 'create', path);
  } finally {
    closeSync(fd);
  }
  return true;
}

/** false: it was not there. */
export function removeFile(path: string): boolean {
  return attemptUnless('remove', path, 'ENOENT', false, () => {
    unlinkSync(path);
    return true;
  });
}

/** The system says ENOENT for a missing target folder too; there nobody was first, and `false` would lose the file from sight. */
export function renameFile(from: string, to: string): boolean {
  try {
    renameSync(from, to);
    noteMove(from);
    return true;
  } catch (thrown) {
    const isGone = errnoOf(thrown) === 'ENOENT' && lstatSync(from, { throwIfNoEntry: false }) === undefined;
    if (isGone) return false;
    throw faultOf(thrown, `move ${from} to`, to);
  }
}

/** Some network file systems know no flush of a folder; there is nothing more that one could do. */
const NO_SUCH_FLUSH = new Set(['EINVAL', 'ENOTSUP', 'EOPNOTSUPP']);

export function flushDir(path: string): void {
  attempt('flush', path, () => {
    const fd = openSync(path, constants.O_RDONLY | constants.O_DIRECTORY);
    try {
      fsyncSync(fd);
    } catch (thrown) {
      if (!NO_SUCH_FLUSH.has(errnoOf(thrown) ?? '')) throw thrown;
    } finally {
      closeSync(fd);
    }
  });
}

/** The same off the event loop, for those who wait anyway. What it needs is loaded by them alone. */
export async function flushDirLater(path: string): Promise<void> {
  const handle = await process.getBuiltinModule('node:fs/promises').open(path, constants.O_RDONLY | constants.O_DIRECTORY);
  try {
    await handle.sync();
  } catch (thrown) {
    if (!NO_SUCH_FLUSH.has(errnoOf(thrown) ?? '')) throw thrown;
  } finally {
    await handle.close();
  }
}

/** Never makes a file longer. */
export function truncateFile(path: string, headBytes: number): void {
  attempt('truncate', path, () => {
    const fd = openSync(path, constants.O_WRONLY | SAFE);
    try {
      const stats = fstatSync(fd);
      if (!stats.isFile()) throw refusal('EINVAL', 'truncate', path);
      if (stats.size > headBytes) ftruncateSync(fd, headBytes);
    } finally {
      closeSync(fd);
    }
  });
}
