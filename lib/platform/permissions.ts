import { accessSync, chmodSync, closeSync, constants, fchmodSync, fstatSync, lstatSync, openSync, type Stats } from 'node:fs';
import { attempt, errnoOf, faultOf, refusal } from './fault.ts';
import { SAFE } from './safe-read.ts';

/** Who may do what with the files of a root. */
export interface Permissions {
  /** undefined: this system knows no users. */
  readonly uid: number | undefined;
  /** Whether this process may make files in this folder. */
  mayWrite(folder: string): boolean;
  /** The disk under it is read-only, so that no right helps. */
  isReadOnly(folder: string): boolean;
  /** Never follows a symlink; only regular files and folders. Throws where it is neither, is gone, or the system refuses. */
  setMode(path: string, mode: number): void;
}

export function createPermissions(): Permissions {
  return { uid: process.getuid?.(), mayWrite, isReadOnly, setMode };
}

const mayWrite = (folder: string): boolean => refusalOf(folder) === undefined;
const isReadOnly = (folder: string): boolean => refusalOf(folder) === 'EROFS';

function refusalOf(folder: string): string | undefined {
  try {
    accessSync(folder, constants.W_OK | constants.X_OK);
    return undefined;
  } catch (thrown) {
    const errno = errnoOf(thrown);
    if (errno === 'EACCES' || errno === 'EPERM' || errno === 'EROFS' || errno === 'ENOENT') return errno;
    throw faultOf(thrown, 'look at', folder);
  }
}

/** On an open handle, so that what was looked at is what is changed. */
function setMode(path: string, mode: number): void {
  attempt('change the mode of', path, () => {
    const fd = openOrUndefined(path);
    if (fd === undefined) return setModeOfUnreadable(path, mode);
    try {
      refuseUnlessOurs(fstatSync(fd), path);
      fchmodSync(fd, mode);
    } finally {
      closeSync(fd);
    }
  });
}

/** undefined: it takes away even its owner's right to read, so there can be no handle. A symlink is refused here. */
function openOrUndefined(path: string): number | undefined {
  try {
    return openSync(path, constants.O_RDONLY | SAFE);
  } catch (thrown) {
    if (errnoOf(thrown) === 'EACCES') return undefined;
    throw thrown;
  }
}

/** By name. Between the look and the change only someone who may write the folder could swap it: mend folders first, from the top. */
function setModeOfUnreadable(path: string, mode: number): void {
  refuseUnlessOurs(lstatSync(path), path);
  chmodSync(path, mode);
}

/** A device opens like a file. */
function refuseUnlessOurs(stats: Stats, path: string): void {
  if (!stats.isFile() && !stats.isDirectory()) throw refusal('EINVAL', 'change the mode of', path);
}
