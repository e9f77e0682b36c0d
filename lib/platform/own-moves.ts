/**
 * What this process moves out of folders that it may be watching: to be told of it would be no news, and the look for what is not there any
 * more costs as much as any other. Linux tells of a rename when it is made, so what is not told of before the turn of the event loop is over
 * is forgotten. Elsewhere one event may stand for several changes, and one of them for somebody else's file: there all of it is told.
 */
const isToldOneByOne = process.platform === 'linux';
const moved = new Set<string>();

export function noteMove(path: string): void {
  if (!isToldOneByOne) return;
  if (moved.size === 0) setImmediate(() => moved.clear());
  moved.add(path);
}

/** Once for each move: what comes under the same name after it is somebody else's. */
export function isOwnMove(path: string): boolean {
  return moved.delete(path);
}
