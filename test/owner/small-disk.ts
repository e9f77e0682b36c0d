import { spawnSync } from 'node:child_process';
import { appendFileSync, mkdirSync, mkdtempSync, realpathSync, rmdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after } from 'node:test';
import type { CliOptions, CliProcess } from '../support/owner-cli.ts';
import { createYard, type Yard } from './owner-yard.ts';

/** A root whose owner meets a full disk when the test wants it, and room again. */
export interface SmallDisk {
  readonly yard: Yard;
  /**
   * `mounted`: a real disk, filled to its last byte, which needs the right to mount. `limited`: the system refuses every byte
   * that the owner wants to write (RLIMIT_FSIZE, EFBIG). `settings`: where a running process cannot be limited either
   * (macOS), full is less than the `min_free` that bus.yaml asks for. CADENCE_TEST_DISK chooses one of them.
   */
  readonly kind: 'mounted' | 'limited' | 'settings';
  fill(owner: CliProcess): void;
  free(owner: CliProcess): void;
  /** How a command is started that meets the full disk too; undefined where it would not. */
  readonly full: CliOptions | undefined;
  /** Mounts it read-only; false where that cannot be done. */
  makeReadOnly(): boolean;
}

const CHUNKS = [1024 * 1024, 64 * 1024, 4096, 512, 1];

export function createSmallDisk(sizeMiB: number, wanted = process.env.CADENCE_TEST_DISK): SmallDisk {
  const disk = realpathSync.native(mkdtempSync(join(tmpdir(), 'cb-disk-')));
  const isMounted = (wanted ?? 'mounted') === 'mounted' && spawnSync('mount', ['-t', 'tmpfs', '-o', `size=${sizeMiB}m`, 'none', disk]).status === 0;
  const isLimited = !isMounted && wanted !== 'settings' && spawnSync('prlimit', ['--version']).status === 0;
  const kind = isMounted ? 'mounted' : isLimited ? 'limited' : 'settings';
  const yard = createYard({ within: disk, unmount: () => void (isMounted && spawnSync('umount', ['-l', disk])) });
  after(() => rmdirSync(disk));
  const ballast = join(disk, 'ballast');
  const settings = (minFree: string): void => void yard.put('cadences/bus.yaml', `min_free: ${minFree}\n`);
  mkdirSync(yard.paths.cadences, { recursive: true });
  settings('4KB');
  return {
    yard,
    kind,
    fill({ pid }) {
      if (isMounted) for (const bytes of CHUNKS) while (canAppend(ballast, bytes));
      else if (isLimited) limit(pid, '0:');
      else settings('100000GB');
    },
    free(owner) {
      if (isMounted) rmSync(ballast);
      else if (!isLimited) settings('4KB');
      else if (!owner.hasEnded()) limit(owner.pid, 'unlimited:');
    },
    full: isMounted ? {} : isLimited ? { prelude: 'ulimit -f 0' } : undefined,
    makeReadOnly: () => isMounted && spawnSync('mount', ['-o', 'remount,ro', disk]).status === 0,
  };
}

/** The soft limit only, so that it can be taken back without any right. */
function limit(pid: number, fsize: string): void {
  const { status, stderr } = spawnSync('prlimit', [`--pid=${pid}`, `--fsize=${fsize}`], { encoding: 'utf8' });
  if (status !== 0) throw new Error(`prlimit: ${stderr}`);
}

function canAppend(path: string, bytes: number): boolean {
  try {
    appendFileSync(path, 'x'.repeat(bytes));
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOSPC') return false;
    throw error;
  }
}
