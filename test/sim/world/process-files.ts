import { dirname } from 'node:path';
import { CadenceError } from '../../../lib/core/error.ts';
import { refusal } from '../../../lib/platform/fault.ts';
import type { AppendLog, FileInfo, Files } from '../../../lib/ports.ts';
import type { Disk, Node } from './disk.ts';
import type { Life, Turns } from './turns.ts';

/** What is wrong with the disk now. */
export interface Trouble {
  kind: 'well' | 'full' | 'low' | 'read-only' | 'dying';
  /** How many more changing calls succeed before one is refused; undefined: as many as come. */
  refuseAfter: number | undefined;
  errno: string;
  /** How often the disk has refused something. */
  refusals: number;
}

/** The death of a process, or of the machine, at one of its calls. */
export interface Doom {
  /** How many more changing calls it makes; undefined: it lives. */
  diesAfter: number | undefined;
  onDeath: () => void;
}

export interface ProcessFilesDeps {
  readonly disk: Disk;
  readonly turns: Turns;
  readonly life: Life;
  readonly trouble: Trouble;
  readonly doom: Doom;
  /** 0 ≤ x < 1: whether a dying disk refuses this call. */
  readonly luck: () => number;
  watch(life: Life, path: string, onChange: () => void): { close(): void };
}

const PLENTY = 1e12;
const LITTLE = 1e6;
/** So few that a folder with a handful of files is read in parts. */
const PART = 3;
/** A call of a dead process: it changes nothing, and whatever of it is still on the stack comes to an end. */
export const KILLED = 'killed';

/** The disk as one process sees it. */
export function createProcessFiles(deps: ProcessFilesDeps): Files {
  const { disk, life, turns } = deps;
  const guard = createGuard(deps);

  function infoOf(node: Node): FileInfo {
    return { kind: node.kind, sizeBytes: node.bytes.length, mtimeMs: node.mtimeMs, ctimeMs: node.mtimeMs, inode: node.inode, uid: 1000, mode: node.mode };
  }

  function fileAt(path: string, verb: string): Node | undefined {
    const node = disk.find(path);
    if (node?.kind === 'folder') throw refusal('EISDIR', verb, path);
    return node;
  }

  function requireFolder(path: string, verb: string): void {
    if (disk.find(dirname(path))?.kind !== 'folder') throw refusal('ENOENT', verb, path);
  }

  function append(path: string): AppendLog {
    const node = guard.reading('open', path, () => {
      requireFolder(path, 'open');
      return fileAt(path, 'open') ?? guard.changing('open', path, () => disk.create(path));
    });
    const isTorn = (): boolean => node.bytes.length > 0 && node.bytes.at(-1) !== 0x0a;
    const write = (text: string): void => {
      guard.adding('append to', path, () => {
        disk.put(node, node.bytes.length, Buffer.from(isTorn() ? `\n${text}` : text));
        disk.onChange(path);
      });
    };
    if (isTorn()) write('');
    let isClosed = false;
    return {
      get endBytes() {
        return node.bytes.length + (isTorn() ? 1 : 0);
      },
      write(text) {
        if (isClosed) throw refusal('EBADF', 'append to', path);
        write(text);
      },
      flush: () =>
        new Promise((resolve, reject) => {
          guard.alive();
          const coming = node.bytes;
          turns.soon(life, () => {
            try {
              guard.changing('flush', path, () => {
                // What was written since it was asked for is not in it.
                node.synced = coming.length > node.synced.length ? coming : node.synced;
                disk.flushDir(dirname(path));
              });
              resolve();
            } catch (error) {
              reject(error);
            }
          });
        }),
      close() {
        isClosed = true;
      },
    };
  }

  /** What is removed meanwhile may still be met, what is added is not. */
  function* listParts(dir: string): Generator<readonly string[]> {
    const names = guard.reading('list', dir, () => disk.names(dir));
    for (let from = 0; from < names.length; from += PART) yield guard.reading('list', dir, () => names.slice(from, from + PART));
  }

  return {
    listParts,
    list: (dir) => guard.reading('list', dir, () => disk.names(dir)),
    info: (path) =>
      guard.reading('look at', path, () => {
        const node = disk.find(path);
        return node === undefined ? undefined : infoOf(node);
      }),
    read: (path, maxBytes = Number.POSITIVE_INFINITY) =>
      guard.reading('read', path, () => {
        const node = disk.find(path);
        if (node === undefined) return undefined;
        const info = infoOf(node);
        if (node.kind === 'folder') return { kind: 'not_a_file', info };
        return node.bytes.length > maxBytes ? { kind: 'too_large', info } : { kind: 'text', text: node.bytes.toString('utf8'), info };
      }),
    readRange: (path, offset, bytes) =>
      guard.reading('read', path, () => {
        const node = fileAt(path, 'read');
        if (node === undefined) throw refusal('ENOENT', 'read', path);
        return Buffer.from(node.bytes.subarray(Math.min(offset, node.bytes.length), Math.min(offset + bytes, node.bytes.length)));
      }),
    open: (path) =>
      guard.reading('read', path, () => {
        const node = fileAt(path, 'read');
        if (node === undefined) throw refusal('ENOENT', 'read', path);
        return {
          read: (into, offset) => guard.reading('read', path, () => node.bytes.copy(into, 0, Math.min(offset, node.bytes.length))),
          close: () => undefined,
        };
      }),
    write: (path, text, mode) =>
      guard.adding('write', path, () => {
        requireFolder(path, 'write');
        fileAt(path, 'write');
        const draft = `${path}.${life.name}`;
        disk.put(disk.create(draft, mode), 0, Buffer.from(text));
        disk.flushFile(disk.find(draft) as Node);
        disk.rename(draft, path);
        disk.flushDir(dirname(path));
      }),
    create: (path, text) =>
      guard.adding('create', path, () => {
        requireFolder(path, 'create');
        if (disk.find(path) !== undefined) return false;
        disk.put(disk.create(path), 0, Buffer.from(text));
        return true;
      }),
    rename: (from, to) =>
      guard.changing(`move ${from} to`, to, () => {
        if (disk.find(from) === undefined) return false;
        requireFolder(to, 'move');
        return disk.rename(from, to);
      }),
    remove: (path) => guard.changing('remove', path, () => fileAt(path, 'remove') !== undefined && disk.remove(path)),
    removeTree: (path) => guard.changing('remove', path, () => disk.removeTree(path)),
    makeDir: (path) => {
      if (guard.reading('make', path, () => disk.find(path)) !== undefined) return false;
      guard.adding('make', path, () => disk.makeDir(path));
      return true;
    },
    flushDir: (dir) => guard.changing('flush', dir, () => disk.flushDir(dir)),
    append,
    truncate: (path, headBytes) =>
      guard.changing('truncate', path, () => {
        const node = fileAt(path, 'truncate');
        if (node !== undefined && node.bytes.length > headBytes) disk.put(node, headBytes, Buffer.alloc(0));
      }),
    watch: (path, onChange) => deps.watch(life, path, onChange),
    freeBytes: () => (deps.trouble.kind === 'full' ? 0 : deps.trouble.kind === 'low' ? LITTLE : PLENTY),
    realPath: (path) => path,
  };
}

/** Before each call: is its process alive, and is the disk well? After each changing call: was it its last one? */
function createGuard({ life, trouble, doom, luck }: ProcessFilesDeps) {
  function alive(): void {
    if (life.isDead) throw new CadenceError('io', KILLED, '');
  }

  function refuse(verb: string, path: string, isAdding: boolean): void {
    trouble.refusals += 1;
    if (trouble.refuseAfter !== undefined) {
      if (trouble.refuseAfter === 0) {
        trouble.refuseAfter = undefined;
        throw refusal(trouble.errno, verb, path);
      }
      trouble.refuseAfter -= 1;
    }
    if (trouble.kind === 'full' && isAdding) throw refusal('ENOSPC', verb, path);
    if (trouble.kind === 'read-only') throw refusal('EROFS', verb, path);
    if (trouble.kind === 'dying' && luck() < 0.3) throw refusal('EIO', verb, path);
    trouble.refusals -= 1;
  }

  function change<T>(verb: string, path: string, isAdding: boolean, act: () => T): T {
    alive();
    refuse(verb, path, isAdding);
    const answer = act();
    if (doom.diesAfter !== undefined) {
      doom.diesAfter -= 1;
      if (doom.diesAfter <= 0) {
        doom.diesAfter = undefined;
        doom.onDeath();
        alive();
      }
    }
    return answer;
  }

  return {
    alive,
    reading<T>(verb: string, path: string, act: () => T): T {
      alive();
      if (trouble.kind === 'dying' && luck() < 0.1) throw refusal('EIO', verb, path);
      return act();
    },
    changing: <T>(verb: string, path: string, act: () => T): T => change(verb, path, false, act),
    adding: <T>(verb: string, path: string, act: () => T): T => change(verb, path, true, act),
  };
}
