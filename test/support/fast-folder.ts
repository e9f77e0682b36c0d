import { existsSync, statfsSync } from 'node:fs';

const FAST = '/dev/shm';
const SPACE_BYTES = 2 * 1024 ** 3;

/** Whatever `act` makes in the folder for temporary files lies in memory, where this system has room there: thousands of flushed files take seconds, not minutes. */
export function inFastFolder<T>(act: () => T): T {
  const before = process.env.TMPDIR;
  if (existsSync(FAST) && statfsSync(FAST).bavail * statfsSync(FAST).bsize > SPACE_BYTES) process.env.TMPDIR = FAST;
  try {
    return act();
  } finally {
    if (before === undefined) delete process.env.TMPDIR;
    else process.env.TMPDIR = before;
  }
}
