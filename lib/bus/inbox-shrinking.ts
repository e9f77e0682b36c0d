import { CadenceError } from '../core/error.ts';
import type { Paths } from '../core/paths.ts';
import type { Files } from '../ports.ts';

export interface ShrinkingDeps {
  readonly files: Pick<Files, 'info' | 'listParts' | 'makeDir' | 'rename' | 'flushDir'>;
  readonly paths: Pick<Paths, 'inbox' | 'tmp' | 'state'>;
}

/** Names of some thousand files; below it a look costs hardly more than at a folder that was never full. */
const BLOATED_BYTES = 128 * 1024;

/**
 * A folder of ext4 never shrinks, and every look at it costs its size. So an empty inbox that a burst has left bloated gets an
 * empty folder in its place, at once: a rename replaces an empty folder and refuses one that has a file in it. Producers
 * that meet the old one look again.
 */
export function shrinkInbox({ files, paths }: ShrinkingDeps): void {
  const info = files.info(paths.inbox);
  if (info?.kind !== 'folder' || info.sizeBytes < BLOATED_BYTES) return;
  for (const names of files.listParts(paths.inbox)) if (names.length > 0) return;
  const fresh = `${paths.tmp}/inbox`;
  files.makeDir(fresh);
  try {
    files.rename(fresh, paths.inbox);
  } catch (error) {
    if (!isFilled(error)) throw error;
    return;
  }
  // Who flushes a tick flushes the folder that it lies in, and relies on this one for the rest of the way.
  files.flushDir(paths.state);
}

/** Somebody has dropped a tick meanwhile. */
function isFilled(error: unknown): boolean {
  return error instanceof CadenceError && /: (?:ENOTEMPTY|EEXIST)$/.test(error.message);
}
