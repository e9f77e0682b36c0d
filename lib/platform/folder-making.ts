import { lstatSync, mkdirSync } from 'node:fs';
import { dirname } from 'node:path';
import { errnoOf } from './fault.ts';

/** Answers with the topmost folder that had to be made; undefined: all were there. */
export function makeFolders(path: string, mode = 0o700): string | undefined {
  try {
    return mkdirSync(path, { recursive: true, mode });
  } catch (thrown) {
    if (errnoOf(thrown) !== 'ENOENT') throw thrown;
    // Node says so of a disk that is read-only too. The system itself says why, of the first folder that is missing.
    const topmost = topmostMissing(path);
    makeOne(topmost, mode);
    mkdirSync(path, { recursive: true, mode });
    return topmost;
  }
}

function topmostMissing(path: string): string {
  const parent = dirname(path);
  return parent === path || lstatSync(parent, { throwIfNoEntry: false }) !== undefined ? path : topmostMissing(parent);
}

/** Somebody else may make it at the same time. */
function makeOne(path: string, mode: number): void {
  try {
    mkdirSync(path, { mode });
  } catch (thrown) {
    if (errnoOf(thrown) !== 'EEXIST') throw thrown;
  }
}
