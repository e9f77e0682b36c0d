import { CadenceError } from '../core/error.ts';
import type { Ms } from '../core/time/instant.ts';
import { awakeMs } from './awake.ts';
import { faultOf } from './fault.ts';
import { outliveFileLimit } from './file-limit.ts';
import { folderAt } from './folder-identity.ts';

/** Longer than anything that is done under it, unless the machine sleeps; `isHeld` is for that. */
const STALE_MS = 5_000;

/** A lock for what takes milliseconds: a folder beside the thing, which a contender may take over once it is stale. */
export interface ShortLock {
  /** Costs one lstat. False after a long stop, when a contender has taken it over. */
  isHeld(): boolean;
  release(): Promise<void>;
}

/** undefined: somebody else has it. */
export async function tryLock(path: string): Promise<ShortLock | undefined> {
  const lockfilePath = `${path}.lock`;
  // Loaded when it is needed, which is once in an owner's life and never in that of a reader.
  outliveFileLimit();
  const { default: lockfile } = await import('proper-lockfile');
  let release: () => Promise<void>;
  try {
    // Losing it is no accident that must be told at once: isHeld is asked before the step that counts.
    release = await lockfile.lock(path, { realpath: false, lockfilePath, stale: STALE_MS, onCompromised: () => undefined });
  } catch (thrown) {
    if (codeOf(thrown) === 'ELOCKED' || isTakenAtOnce(thrown)) return undefined;
    throw faultOf(thrown, 'lock', lockfilePath);
  }
  const ours = folderAt(lockfilePath);
  return {
    isHeld: () => ours !== undefined && folderAt(lockfilePath) === ours,
    async release() {
      try {
        await release();
      } catch (thrown) {
        const isLost = codeOf(thrown) === 'ERELEASED' || codeOf(thrown) === 'ENOTACQUIRED';
        if (!isLost) throw faultOf(thrown, 'unlock', lockfilePath);
      }
    },
  };
}

/** Made, and gone before it was ours: one who had been stopped for long has released a lock that he no longer held. */
function isTakenAtOnce(thrown: unknown): boolean {
  return codeOf(thrown) === 'ENOENT' && (thrown as NodeJS.ErrnoException).syscall !== 'mkdir';
}

const LOOK_AGAIN_MS = 25;

/** Waits for its turn; throws `held` where it does not come. */
export async function withLock<T>(path: string, withinMs: Ms, work: () => T | Promise<T>): Promise<T> {
  const untilMs = awakeMs() + withinMs;
  for (;;) {
    const lock = await tryLock(path);
    if (lock !== undefined) {
      try {
        return await work();
      } finally {
        await lock.release();
      }
    }
    if (awakeMs() > untilMs) throw new CadenceError('held', `somebody else holds ${path}.lock`, 'Try again; a lock whose holder died is free after 5 seconds.');
    await new Promise((resolve) => setTimeout(resolve, LOOK_AGAIN_MS));
  }
}

function codeOf(thrown: unknown): unknown {
  return thrown instanceof Error && 'code' in thrown ? thrown.code : undefined;
}
