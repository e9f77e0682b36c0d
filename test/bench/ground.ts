import { spawnSync } from 'node:child_process';
import { accessSync, constants, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';

/** Where the roots lie that are measured. */
export interface Ground {
  readonly dir: string;
  /** What kind of file system it is. */
  readonly what: string;
  /** Why its figures are not those of a disk. */
  readonly doubt: string | undefined;
  /** A fresh folder for one row. */
  folder(name: string): string;
  /** Removes them all: an image has room for the files of one row, not of every row three times. */
  clear(): void;
  close(): void;
}

const IMAGE_BYTES = 4 * 1024 ** 3;
/** Room for the workloads of a million files, which cost some seconds to prepare. */
const LARGE = { bytes: 12 * 1024 ** 3, files: 3_000_000 };

/**
 * ext4 without a journal looks for a free inode past every one that was freed in the last minute: each file created costs
 * 0.5 ms there, after any deletions, against 0.02 ms with a journal. A queue measured there is a measurement of that. So
 * such a place is refused: an image of a journaled ext4 is mounted where we may, memory is used where we may not.
 */
export function openGround(isLarge: boolean, where = tmpdir()): Ground {
  if (process.platform !== 'linux') return groundIn(where, `${process.platform}, ${where}`, undefined);
  const mount = mountOf(where);
  if (mount.type !== 'ext4' || isJournaled(mount.source)) return groundIn(where, `${mount.type} on ${mount.source}`, doubtOf(mount.type));
  return mountImage(where, isLarge) ?? memory(`${where} is ext4 without a journal and no image could be mounted`);
}

function groundIn(where: string, what: string, doubt: string | undefined, close: () => void = () => undefined): Ground {
  const dir = mkdtempSync(join(where, 'cadence-bench-'));
  let folders = 0;
  return {
    dir,
    what,
    doubt,
    folder(name) {
      folders += 1;
      const path = join(dir, `${name}-${folders}`);
      mkdirSync(path);
      return path;
    },
    clear() {
      for (const name of readdirSync(dir)) rmSync(join(dir, name), { recursive: true, force: true });
    },
    close() {
      rmSync(dir, { recursive: true, force: true });
      close();
    },
  };
}

function doubtOf(type: string): string | undefined {
  return type === 'tmpfs' ? 'it is memory: a flush costs nothing, so durable figures are too good' : undefined;
}

function memory(because: string): Ground {
  const place = '/dev/shm';
  accessSync(place, constants.W_OK);
  return groundIn(place, 'tmpfs', `${because}; ${doubtOf('tmpfs')}`);
}

/** The longest mount point above it. Fields of a line: id, parent, device, root, point, options …, `-`, type, source. */
function mountOf(path: string): { readonly type: string; readonly source: string } {
  let best = { point: '', type: 'unknown', source: 'unknown' };
  for (const line of readFileSync('/proc/self/mountinfo', 'utf8').trim().split('\n')) {
    const [front = '', back = ''] = line.split(' - ');
    const point = front.split(' ')[4] ?? '';
    const [type = '', source = ''] = back.split(' ');
    const isAbove = path === point || path.startsWith(point.endsWith('/') ? point : `${point}/`);
    if (isAbove && point.length >= best.point.length) best = { point, type, source };
  }
  return best;
}

/** jbd2, the journal of ext4, shows one folder for each device that has one. */
function isJournaled(source: string): boolean {
  const shown = spawnSync('ls', ['/proc/fs/jbd2'], { encoding: 'utf8' });
  return shown.status === 0 && shown.stdout.split('\n').some((name) => name.replace(/-\d+$/, '') === basename(source));
}

/** undefined: not root, no mkfs, or no loop device to be had. */
function mountImage(where: string, isLarge: boolean): Ground | undefined {
  if (process.getuid?.() !== 0) return undefined;
  const home = mkdtempSync(join(where, 'cadence-bench-image-'));
  const [image, point] = [join(home, 'ext4.img'), join(home, 'mounted')];
  mkdirSync(point);
  writeFileSync(image, '');
  truncateSync(image, isLarge ? LARGE.bytes : IMAGE_BYTES);
  // Without the lazy parts no kernel thread writes tables while we measure.
  const isThere =
    runs('mkfs.ext4', '-q', '-F', ...(isLarge ? ['-N', String(LARGE.files)] : []), '-E', 'lazy_itable_init=0,lazy_journal_init=0', image) &&
    runs('mount', '-o', 'loop', image, point) &&
    readdirSync(point).length > 0;
  if (!isThere) {
    rmSync(home, { recursive: true, force: true });
    return undefined;
  }
  const device = mountOf(point).source;
  const isDirect = runs('losetup', '--direct-io=on', device);
  return groundIn(
    point,
    `journaled ext4 on ${device}${isDirect ? ', direct I/O' : ''} (an image in ${where}, which is ext4 without a journal)`,
    undefined,
    () => {
      if (!runs('umount', point) && !runs('umount', '-l', point)) process.stderr.write(`bench: ${point} is still mounted\n`);
      rmSync(home, { recursive: true, force: true });
    },
  );
}

function runs(program: string, ...words: readonly string[]): boolean {
  return spawnSync(program, words, { stdio: 'ignore' }).status === 0;
}
