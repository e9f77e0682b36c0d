import { mkdirSync, readdirSync, realpathSync, rmSync, statfsSync } from 'node:fs';
import type { Files } from '../ports.ts';
import { openAppendLog } from './append-log.ts';
import { attempt, attemptUnless } from './fault.ts';
import { watchFolder } from './folder-watch.ts';
import { openReading, readInfo, readRange, readText } from './safe-read.ts';
import { createWhole, flushDir, removeFile, renameFile, truncateFile, writeWhole } from './safe-write.ts';

/** The disk of this machine. */
export function createFiles(): Files {
  return {
    list: (dir) => attemptUnless<readonly string[]>('list', dir, 'ENOENT', [], () => readdirSync(dir)),
    info: readInfo,
    read: readText,
    readRange,
    open: openReading,
    write: writeWhole,
    create: createWhole,
    rename: renameFile,
    remove: removeFile,
    // A child that is just ending may write its exit code into the folder while it is being emptied.
    removeTree: (path) => attempt('remove', path, () => rmSync(path, { recursive: true, force: true, maxRetries: 5, retryDelay: 20 })),
    makeDir: (path, mode = 0o700) => attempt('make', path, () => void mkdirSync(path, { recursive: true, mode })),
    flushDir,
    append: openAppendLog,
    truncate: truncateFile,
    watch: watchFolder,
    freeBytes: (path) =>
      attempt('look at', path, () => {
        const { bavail, bsize } = statfsSync(path);
        return bavail * bsize;
      }),
    realPath: (path) => attempt('resolve', path, () => realpathSync.native(path)),
  };
}
