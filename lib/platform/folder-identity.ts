import { lstatSync } from 'node:fs';
import { errnoOf } from './fault.ts';

/**
 * Which folder lies at a path; undefined: none, or none to be seen. With the time of its birth, for a file system gives an
 * inode's number out again at once: a folder that is removed and made anew mostly has the number of the old one.
 */
export function folderAt(path: string): string | undefined {
  try {
    const stats = lstatSync(path, { bigint: true, throwIfNoEntry: false });
    return stats === undefined ? undefined : `${stats.dev}:${stats.ino}:${stats.birthtimeNs}`;
  } catch (thrown) {
    if (errnoOf(thrown) === undefined) throw thrown;
    return undefined;
  }
}
