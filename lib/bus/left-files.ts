import { CadenceError } from '../core/error.ts';
import type { QueueNews } from '../ports.ts';

/**
 * Files that nothing can be done about: a name that is not ours, a file that the system will not let us open or move.
 * Each is told once and left where it is; it must never keep the others from being served.
 */
export interface LeftFiles {
  leave(path: string, because: string): void;
  isLeft(path: string): boolean;
  /** Does something to one file. undefined: the system refuses it for this file, which is left. */
  spare<T>(path: string, act: () => T): T | undefined;
}

/** The system's refusals that concern the one file; any other (no space, no handles, a dying disk) is everybody's and is thrown. */
const OF_ONE_FILE = /: (?:EACCES|EPERM|EBUSY|EXDEV|EISDIR|ENOTDIR|ENOTEMPTY|EEXIST|EINVAL|ELOOP|ENAMETOOLONG|ENODEV|ENXIO|ENOMEDIUM|ETXTBSY)$/;
const MAX_REMEMBERED = 100_000;

export function createLeftFiles(news: QueueNews): LeftFiles {
  const told = new Set<string>();

  function leave(path: string, because: string): void {
    if (told.has(path)) return;
    if (told.size >= MAX_REMEMBERED) told.clear();
    told.add(path);
    news.left(path, because);
  }

  return {
    leave,
    isLeft: (path) => told.has(path),
    spare(path, act) {
      try {
        return act();
      } catch (error) {
        // A fault of the disk ends with the system's name for it: `cannot move X to Y: EPERM`.
        if (!(error instanceof CadenceError) || !OF_ONE_FILE.test(error.message)) throw error;
        leave(path, error.message);
        return undefined;
      }
    },
  };
}
