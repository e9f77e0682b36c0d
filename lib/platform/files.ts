import { realpathSync, statfsSync } from 'node:fs';
import type { Files } from '../ports.ts';
import { openAppendLog } from './append-log.ts';
import { attempt } from './fault.ts';
import { makeFolders } from './folder-making.ts';
import { folderParts, listFolder } from './folder-names.ts';
import { watchFolder } from './folder-watch.ts';
import { openReading, readInfo, readRange, readText } from './safe-read.ts';
import { createWhole, flushDir, removeFile, renameFile, truncateFile, writeWhole } from './safe-write.ts';
import { removeTree } from './tree-removal.ts';

/** The disk of this machine. */
export function createFiles(): Files {
  return {
    list: listFolder,
    listParts: (dir) => folderParts(dir),
    info: readInfo,
    read: readText,
    readRange,
    open: openReading,
    write: writeWhole,
    create: createWhole,
    rename: renameFile,
    remove: removeFile,
    removeTree,
    makeDir: (path, mode) => attempt('make', path, () => makeFolders(path, mode) !== undefined),
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
