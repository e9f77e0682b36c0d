import { dirname } from 'node:path';
import type { Chance } from './chance.ts';

/** A file or a folder, under whatever name. */
export interface Node {
  readonly kind: 'file' | 'folder';
  readonly inode: number;
  readonly mode: number;
  /** What everybody reads. */
  bytes: Buffer;
  /** What a power cut leaves for certain; the rest lies in the page cache. */
  synced: Buffer;
  mtimeMs: number;
}

/** A change of names that is not on disk yet. */
interface Unsynced {
  readonly node: Node;
  readonly from: string | undefined;
  readonly to: string | undefined;
}

/**
 * A disk with a page cache. Everybody reads and writes the cache; only a flush brings bytes and names to the platter. At a
 * power cut, what was not flushed is kept or lost by chance, each name for itself (but in order for one file), and what
 * was added to a file is kept, lost, torn or turned to zeros.
 */
export interface Disk {
  find(path: string): Node | undefined;
  names(dir: string): readonly string[];
  makeDir(path: string): void;
  /** A new, empty file. */
  create(path: string, mode?: number): Node;
  rename(from: string, to: string): boolean;
  remove(path: string): boolean;
  removeTree(path: string): void;
  /** Replaces what stands in a file from an offset on. */
  put(node: Node, offset: number, bytes: Buffer): void;
  flushFile(node: Node): void;
  flushDir(dir: string): void;
  powerCut(chance: Chance): void;
  /** Called with the folder, and with the path, of everything that changes. */
  onChange: (path: string) => void;
}

export function createDisk(nowMs: () => number): Disk {
  let live = new Map<string, Map<string, Node>>();
  let stable = new Map<string, Map<string, Node>>();
  let unsynced: Unsynced[] = [];
  const dirty = new Set<Node>();
  let inodes = 1;
  const split = (path: string): readonly [string, string] => [dirname(path), path.slice(path.lastIndexOf('/') + 1)];
  const get = (tree: typeof live, path: string): Node | undefined => {
    const [dir, name] = split(path);
    return tree.get(dir)?.get(name);
  };

  function set(tree: typeof live, path: string, node: Node | undefined): void {
    const [dir, name] = split(path);
    const folder = tree.get(dir) ?? new Map<string, Node>();
    tree.set(dir, folder);
    if (node === undefined) folder.delete(name);
    else folder.set(name, node);
  }

  function apply({ node, from, to }: Unsynced): void {
    if (from !== undefined && get(stable, from) === node) {
      set(stable, from, undefined);
      if (node.kind === 'folder') stable.delete(from);
    }
    if (to !== undefined) set(stable, to, node);
  }

  function note(change: Unsynced): void {
    unsynced.push(change);
    for (const path of [change.from, change.to]) {
      if (path === undefined) continue;
      disk.onChange(dirname(path));
      disk.onChange(path);
    }
  }

  const newNode = (kind: Node['kind'], mode: number): Node => {
    inodes += 1;
    return { kind, inode: inodes, mode, bytes: Buffer.alloc(0), synced: Buffer.alloc(0), mtimeMs: nowMs() };
  };

  /** What a torn file looks like afterwards. */
  function torn(node: Node, chance: Chance): Buffer {
    const { bytes, synced } = node;
    const added = bytes.length - synced.length;
    const isAppended = added > 0 && bytes.subarray(0, synced.length).equals(synced);
    if (!isAppended) return chance.is(0.5) ? bytes : synced;
    const kept = bytes.subarray(0, synced.length + chance.int(0, added));
    return chance.pick([bytes, synced, kept, Buffer.concat([synced, Buffer.alloc(added)])]);
  }

  const disk: Disk = {
    onChange: () => undefined,
    find: (path) => (path === '/' ? undefined : get(live, path)),
    names: (dir) => [...(live.get(dir)?.keys() ?? [])],
    makeDir(path) {
      if (path === '/' || get(live, path) !== undefined) return;
      disk.makeDir(dirname(path));
      const node = newNode('folder', 0o700);
      set(live, path, node);
      set(stable, path, node);
      disk.onChange(dirname(path));
    },
    create(path, mode = 0o600) {
      const node = newNode('file', mode);
      set(live, path, node);
      note({ node, from: undefined, to: path });
      return node;
    },
    rename(from, to) {
      const node = get(live, from);
      if (node === undefined) return false;
      if (from === to) return true;
      set(live, from, undefined);
      set(live, to, node);
      note({ node, from, to });
      return true;
    },
    remove(path) {
      const node = get(live, path);
      if (node === undefined) return false;
      set(live, path, undefined);
      note({ node, from: path, to: undefined });
      return true;
    },
    removeTree(path) {
      for (const name of disk.names(path)) disk.removeTree(`${path}/${name}`);
      live.delete(path);
      disk.remove(path);
    },
    put(node, offset, bytes) {
      node.bytes = Buffer.concat([node.bytes.subarray(0, offset), bytes]);
      node.mtimeMs = nowMs();
      dirty.add(node);
    },
    flushFile(node) {
      node.synced = node.bytes;
      dirty.delete(node);
    },
    flushDir(dir) {
      const isHere = (path: string | undefined): boolean => path !== undefined && dirname(path) === dir;
      const nodes = new Set(unsynced.filter(({ from, to }) => isHere(from) || isHere(to)).map(({ node }) => node));
      for (const change of unsynced) if (nodes.has(change.node)) apply(change);
      unsynced = unsynced.filter(({ node }) => !nodes.has(node));
    },
    powerCut(chance) {
      const keep = chance.pick([0, 0.5, 1]);
      const lost = new Set<Node>();
      for (const change of unsynced) {
        if (lost.has(change.node) || !chance.is(keep)) lost.add(change.node);
        else apply(change);
      }
      for (const node of dirty) {
        node.bytes = torn(node, chance);
        node.synced = node.bytes;
      }
      unsynced = [];
      dirty.clear();
      live = new Map([...stable].map(([dir, names]) => [dir, new Map(names)]));
      stable = new Map([...live].map(([dir, names]) => [dir, new Map(names)]));
    },
  };
  return disk;
}
