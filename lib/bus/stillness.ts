import type { Ms } from '../core/time/instant.ts';
import type { Clock, FileInfo } from '../ports.ts';

/**
 * Files of the inbox that are not whole: somebody may be writing them this moment. One is judged once it has not changed
 * for five seconds of our own watching, for a file's time may be anything.
 */
export interface Stillness {
  /** When it will have been still for long enough; undefined: it has been. The first call begins the watching. */
  untilMs(file: string, info: FileInfo): Ms | undefined;
  isWatched(file: string): boolean;
  /** The same for one that has not changed since it was last looked at; undefined: it has, or nobody watches it. Begins nothing. */
  unchangedUntilMs(file: string, info: FileInfo): Ms | undefined;
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

  /** Since when it is as it is now; undefined: it has changed, or the clock went back. */
  function sinceMs(file: string, { sizeBytes, mtimeMs, inode }: FileInfo): Ms | undefined {
    const seen = watched.get(file);
    const isSame = seen?.sizeBytes === sizeBytes && seen.mtimeMs === mtimeMs && seen.inode === inode;
    return isSame && seen.sinceMs <= clock.nowMs() ? seen.sinceMs : undefined;
  }

  function unchangedUntilMs(file: string, info: FileInfo): Ms | undefined {
    const since = sinceMs(file, info);
    return since !== undefined && clock.nowMs() - since < STILL_MS ? since + STILL_MS : undefined;
  }

  return {
    untilMs(file, info) {
      if (sinceMs(file, info) === undefined) {
        const { sizeBytes, mtimeMs, inode } = info;
        watched.set(file, { sizeBytes, mtimeMs, inode, sinceMs: clock.nowMs() });
      }
      return unchangedUntilMs(file, info);
    },
    isWatched: (file) => watched.has(file),
    unchangedUntilMs,
    forget: (file) => void watched.delete(file),
    keep(files) {
      if (watched.size === 0) return;
      const there = new Set(files);
      for (const file of watched.keys()) if (!there.has(file)) watched.delete(file);
    },
  };
}
