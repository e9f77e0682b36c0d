import type { Ms } from '../core/instant.ts';
import type { Clock, FileInfo } from '../ports.ts';

/**
 * Files of the inbox that are not whole: somebody may be writing them this moment. One is judged once it has not changed
 * for five seconds of our own watching, for a file's time may be anything.
 */
export interface Stillness {
  /** When it will have been still for long enough; undefined: it has been. The first call begins the watching. */
  untilMs(file: string, info: FileInfo): Ms | undefined;
  isWatched(file: string): boolean;
  forget(file: string): void;
  /** Forgets what is not in the inbox any more. */
  keep(files: readonly string[]): void;
}

export const STILL_MS: Ms = 5_000;

interface Seen {
  readonly sizeBytes: number;
  readonly mtimeMs: Ms;
  readonly inode: number;
  readonly sinceMs: Ms;
}

export function createStillness(clock: Clock): Stillness {
  const watched = new Map<string, Seen>();
  return {
    untilMs(file, { sizeBytes, mtimeMs, inode }) {
      const nowMs = clock.nowMs();
      const seen = watched.get(file);
      const isSame = seen !== undefined && seen.sizeBytes === sizeBytes && seen.mtimeMs === mtimeMs && seen.inode === inode;
      if (!isSame || nowMs < seen.sinceMs) {
        watched.set(file, { sizeBytes, mtimeMs, inode, sinceMs: nowMs });
        return nowMs + STILL_MS;
      }
      return nowMs - seen.sinceMs < STILL_MS ? seen.sinceMs + STILL_MS : undefined;
    },
    isWatched: (file) => watched.has(file),
    forget: (file) => void watched.delete(file),
    keep(files) {
      if (watched.size === 0) return;
      const there = new Set(files);
      for (const file of watched.keys()) if (!there.has(file)) watched.delete(file);
    },
  };
}
