import { basename, dirname } from 'node:path';
import { CadenceError } from '../core/error.ts';
import type { FileInfo } from '../core/file-info.ts';
import type { AppendLog, Clock, Files } from '../ports.ts';

/** What is written under these folders lies in memory and is gone with the process; all else is read from `disk`, and never written. */
export interface MemoryFilesDeps {
  readonly disk: Files;
  readonly clock: Pick<Clock, 'nowMs'>;
  readonly within: readonly string[];
  /** Where what stands under a folder is read from instead. */
  readonly insteadOf: Readonly<Record<string, string>>;
}

interface Kept {
  bytes: Buffer;
  sizeBytes: number;
  mtimeMs: number;
  readonly inode: number;
}

export function createMemoryFiles({ disk, clock, within, insteadOf }: MemoryFilesDeps): Files {
  const folders = new Map<string, Map<string, Kept>>();
  let inodes = 0;
  const isHere = (path: string): boolean => within.some((folder) => path === folder || path.startsWith(`${folder}/`));
  const find = (path: string): Kept | undefined => folders.get(dirname(path))?.get(basename(path));

  function folderOf(path: string): Map<string, Kept> {
    if (!isHere(path)) throw new CadenceError('bug', `${path} would be written where nothing may be changed`, 'Report this, please.');
    const dir = dirname(path);
    const folder = folders.get(dir) ?? new Map<string, Kept>();
    folders.set(dir, folder);
    return folder;
  }

  function keep(path: string, text: string): Kept {
    const bytes = Buffer.from(text);
    inodes += 1;
    const kept = { bytes, sizeBytes: bytes.length, mtimeMs: clock.nowMs(), inode: inodes };
    folderOf(path).set(basename(path), kept);
    return kept;
  }

  function elsewhere(path: string): string {
    const [from, to] = Object.entries(insteadOf).find(([folder]) => path === folder || path.startsWith(`${folder}/`)) ?? ['', ''];
    return `${to}${path.slice(from.length)}`;
  }

  function removeTree(path: string): void {
    for (const dir of folders.keys()) if (dir === path || dir.startsWith(`${path}/`)) folders.delete(dir);
    folders.get(dirname(path))?.delete(basename(path));
  }

  function moveFolder(from: string, to: string): boolean {
    const inside = [...folders].filter(([dir]) => dir === from || dir.startsWith(`${from}/`));
    for (const [dir, files] of inside) {
      folders.delete(dir);
      folders.set(`${to}${dir.slice(from.length)}`, files);
    }
    return inside.length > 0;
  }

  const subfolders = (dir: string): readonly string[] => [...folders.keys()].flatMap((one) => (dirname(one) === dir ? basename(one) : []));

  const list = (dir: string): readonly string[] => (isHere(dir) ? [...(folders.get(dir)?.keys() ?? []), ...subfolders(dir)] : disk.list(elsewhere(dir)));

  return {
    list,
    listParts: (dir) => [list(dir)],
    info(path) {
      if (!isHere(path)) return disk.info(elsewhere(path));
      const kept = find(path);
      return kept === undefined ? (folders.has(path) ? FOLDER : undefined) : infoOf(kept);
    },
    read(path, maxBytes = Number.POSITIVE_INFINITY) {
      if (!isHere(path)) return disk.read(elsewhere(path), maxBytes === Number.POSITIVE_INFINITY ? undefined : maxBytes);
      const kept = find(path);
      if (kept === undefined) return undefined;
      const info = infoOf(kept);
      return kept.sizeBytes > maxBytes ? { kind: 'too_large', info } : { kind: 'text', text: textOf(kept), info };
    },
    readRange(path, offset, bytes) {
      if (!isHere(path)) return disk.readRange(elsewhere(path), offset, bytes);
      const kept = find(path);
      if (kept === undefined) throw new CadenceError('io', `there is no ${path}`, 'Report this, please.');
      return kept.bytes.subarray(Math.min(offset, kept.sizeBytes), Math.min(offset + bytes, kept.sizeBytes));
    },
    open(path) {
      if (!isHere(path)) return disk.open(elsewhere(path));
      const kept = find(path);
      if (kept === undefined) throw new CadenceError('io', `there is no ${path}`, 'Report this, please.');
      return { read: (into, offset) => kept.bytes.copy(into, 0, Math.min(offset, kept.sizeBytes), kept.sizeBytes), close: () => undefined };
    },
    write: (path, text) => void keep(path, text),
    create(path, text) {
      if (find(path) !== undefined) return false;
      keep(path, text);
      return true;
    },
    rename(from, to) {
      const kept = find(from);
      if (kept === undefined) return moveFolder(from, to);
      folderOf(to).set(basename(to), kept);
      if (from !== to) folderOf(from).delete(basename(from));
      return true;
    },
    remove: (path) => folderOf(path).delete(basename(path)),
    removeTree,
    makeDir(path) {
      const isNew = !folders.has(path);
      folderOf(`${path}/file`);
      return isNew;
    },
    flushDir: () => undefined,
    append: (path) => appendTo(find(path) ?? keep(path, ''), clock),
    truncate(path, headBytes) {
      const kept = find(path);
      if (kept !== undefined) kept.sizeBytes = Math.min(kept.sizeBytes, headBytes);
    },
    watch: () => ({ close: () => undefined }),
    freeBytes: () => Number.MAX_SAFE_INTEGER,
    realPath: (path) => (isHere(path) ? path : disk.realPath(elsewhere(path))),
  };
}

/** Room is doubled where there is none left, so that a log of many lines is copied a few times only. */
function appendTo(kept: Kept, clock: Pick<Clock, 'nowMs'>): AppendLog {
  return {
    get endBytes() {
      return kept.sizeBytes;
    },
    write(text) {
      const added = Buffer.from(text);
      const needed = kept.sizeBytes + added.length;
      if (needed > kept.bytes.length) kept.bytes = Buffer.concat([kept.bytes.subarray(0, kept.sizeBytes)], Math.max(needed, kept.bytes.length * 2, 4096));
      added.copy(kept.bytes, kept.sizeBytes);
      kept.sizeBytes = needed;
      kept.mtimeMs = clock.nowMs();
    },
    flush: async () => undefined,
    close: () => undefined,
  };
}

const textOf = ({ bytes, sizeBytes }: Kept): string => bytes.subarray(0, sizeBytes).toString();
const MINE = { uid: process.getuid?.() ?? 0, mode: 0o600 };
const FOLDER: FileInfo = { kind: 'folder', sizeBytes: 0, mtimeMs: 0, ctimeMs: 0, inode: 0, ...MINE };
const infoOf = ({ sizeBytes, mtimeMs, inode }: Kept): FileInfo => ({ kind: 'file', sizeBytes, mtimeMs, ctimeMs: mtimeMs, inode, ...MINE });
