import { type Dir, lstatSync, opendirSync, readdirSync } from 'node:fs';
import { attempt, attemptUnless } from './fault.ts';
import { growLittleNow } from './lean-heap.ts';

/** Names of more files than an owner keeps in mind (bus/file-queue.ts). Below it one call brings them all, for a third of what they cost in parts. */
const LARGE_BYTES = 1024 * 1024;
const PART = 1_024;

/** The names in a folder, one part after the other: a million of them at once would be eighty megabytes. */
export function* folderParts(dir: string, largeBytes = LARGE_BYTES, open: (dir: string) => Dir = openFolder): Generator<readonly string[]> {
  const sizeBytes = attempt('list', dir, () => lstatSync(dir, { throwIfNoEntry: false })?.size);
  if (sizeBytes === undefined) return;
  if (sizeBytes < largeBytes) {
    yield listFolder(dir);
    return;
  }
  growLittleNow();
  const folder = attemptUnless('list', dir, 'ENOENT', undefined, () => open(dir));
  if (folder === undefined) return;
  try {
    for (;;) {
      const part = readPart(folder, dir);
      if (part === undefined) yield listFolder(dir);
      else if (part.length > 0) yield part;
      if (part === undefined || part.length < PART) return;
    }
  } finally {
    folder.closeSync();
  }
}

export function listFolder(dir: string): readonly string[] {
  return attemptUnless<readonly string[]>('list', dir, 'ENOENT', [], () => readdirSync(dir));
}

function openFolder(dir: string): Dir {
  return opendirSync(dir, { bufferSize: PART });
}

/** undefined: a file system that does not say in its listing what is a folder was asked about a file that is gone, and where the reading stood is lost. */
function readPart(folder: Dir, dir: string): readonly string[] | undefined {
  return attemptUnless('list', dir, 'ENOENT', undefined, () => {
    const part: string[] = [];
    while (part.length < PART) {
      const entry = folder.readSync();
      if (entry === null) break;
      part.push(entry.name);
    }
    return part;
  });
}
