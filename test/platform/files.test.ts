import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import {
  appendFileSync,
  chmodSync,
  constants,
  existsSync,
  linkSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { CadenceError } from '../../lib/core/error.ts';
import { createFiles } from '../../lib/platform/files.ts';
import { eventually } from '../support/eventually.ts';
import { tempRoot } from '../support/temp-root.ts';

const files = createFiles();
const root = tempRoot();
let count = 0;
/** A path where nothing is yet. */
const fresh = (): string => join(root, `entry-${count++}`);
const freshDir = (): string => {
  const dir = fresh();
  mkdirSync(dir);
  return dir;
};
const isFault = (code: string, ...words: readonly string[]) => {
  return (thrown: unknown): boolean => {
    assert.ok(thrown instanceof CadenceError, String(thrown));
    assert.equal(thrown.code, code);
    for (const word of words) assert.ok(thrown.message.includes(word), thrown.message);
    assert.notEqual(thrown.hint, '');
    return true;
  };
};
const modeOf = (path: string): string => (statSync(path).mode & 0o777).toString(8);
/** Runs without root's right to read everything. */
function asNobody<T>(act: () => T): T {
  if (process.geteuid?.() !== 0) return act();
  process.seteuid?.(65534);
  try {
    return act();
  } finally {
    process.seteuid?.(0);
  }
}

describe('reading', () => {
  it('leaves the time of access of our own files alone, where the system knows how', () => {
    const path = fresh();
    writeFileSync(path, 'x\n');
    utimesSync(path, 1000, 2000);
    assert.equal(files.read(path)?.kind, 'text');
    if (constants.O_NOATIME !== undefined) assert.equal(statSync(path).atimeMs, 1_000_000);
    assert.equal(readFileSync(path, 'utf8'), 'x\n');
  });

  it('reads what belongs to somebody else, who alone may ask for that', () => {
    assert.equal(asNobody(() => files.read('/etc/hosts'))?.kind, 'text');
  });

  it('reads a whole regular file and says what it is', () => {
    const path = fresh();
    writeFileSync(path, 'grüezi\n', { mode: 0o640 });
    const found = files.read(path);
    assert.equal(found?.kind, 'text');
    assert.equal(found.text, 'grüezi\n');
    assert.equal(found.info.sizeBytes, 8);
    assert.equal(found.info.mode, 0o640);
    assert.equal(found.info.inode, statSync(path).ino);
  });

  it('finds nothing where there is nothing', () => {
    assert.equal(files.read(fresh()), undefined);
    assert.equal(files.info(fresh()), undefined);
    assert.deepEqual(files.list(fresh()), []);
  });

  it('keeps a byte order mark, for the parser decides about it', () => {
    const path = fresh();
    writeFileSync(path, '\uFEFF{}');
    const found = files.read(path);
    assert.ok(found?.kind === 'text' && found.text === '\uFEFF{}');
  });

  it('tells text from bytes that are not UTF-8', () => {
    for (const bytes of [[0xff, 0xfe, 0x7b, 0x00], [0xc3], [0xed, 0xa0, 0x80], [0xc0, 0xaf]]) {
      const path = fresh();
      writeFileSync(path, Buffer.from(bytes));
      assert.equal(files.read(path)?.kind, 'not_utf8');
    }
  });

  it('reads a file without bytes, with NUL bytes and of exactly the limit', () => {
    for (const text of ['', 'a\0b', 'x'.repeat(100)]) {
      const path = fresh();
      writeFileSync(path, text);
      const found = files.read(path, 100);
      assert.ok(found?.kind === 'text' && found.text === text);
    }
  });

  it('answers too_large for 100 MB without reading it', () => {
    const path = fresh();
    writeFileSync(path, '');
    truncateSync(path, 100 * 1024 * 1024);
    const before = process.memoryUsage().arrayBuffers;
    assert.equal(files.read(path, 256 * 1024)?.kind, 'too_large');
    assert.ok(process.memoryUsage().arrayBuffers - before < 1024 * 1024);
  });

  it('judges by what is read where the size is not told, as in /proc', () => {
    if (process.platform !== 'linux') {
      // No system file without a size here: what remains to be shown is that a size of 0 reads as no text.
      const path = fresh();
      writeFileSync(path, '');
      assert.equal(files.read(path, 0)?.kind, 'text');
      return;
    }
    const found = files.read('/proc/self/status');
    assert.ok(found?.kind === 'text' && found.text.includes('Pid:'));
    assert.equal(files.read('/proc/self/status', 10)?.kind, 'too_large');
  });

  it('neither waits for a FIFO nor reads it', () => {
    const path = fresh();
    execFileSync('mkfifo', [path]);
    const found = files.read(path);
    assert.ok(found?.kind === 'not_a_file' && found.info?.kind === 'other');
    assert.equal(files.info(path)?.kind, 'other');
    assert.throws(() => files.readRange(path, 0, 1), isFault('io', path));
    assert.throws(() => files.append(path), isFault('io', path));
  });

  it('follows no symlink: to a file, to a folder, to itself, to nothing', () => {
    const target = fresh();
    writeFileSync(target, 'secret');
    const loop = fresh();
    for (const [to, link] of [
      [target, fresh()],
      [root, fresh()],
      [loop, loop],
      ['nowhere', fresh()],
    ] as const) {
      symlinkSync(to, link);
      const found = files.read(link);
      assert.ok(found?.kind === 'not_a_file' && found.info?.kind === 'symlink');
      assert.equal(files.info(link)?.kind, 'symlink');
    }
  });

  it('refuses a folder, a socket and a device', async () => {
    const folder = freshDir();
    const socket = fresh();
    const server = createServer().listen(socket);
    assert.ok(server.listening);
    for (const path of [folder, socket, '/dev/zero']) assert.equal(files.read(path)?.kind, 'not_a_file', path);
    await new Promise((resolve) => server.close(resolve));
  });

  it('tells an unreadable file from one that is not there', () => {
    const dir = freshDir();
    chmodSync(root, 0o755);
    chmodSync(dir, 0o755);
    const path = join(dir, 'locked');
    writeFileSync(path, 'x');
    chmodSync(path, 0);
    const found = asNobody(() => files.read(path));
    assert.ok(found?.kind === 'unreadable' && found.info?.kind === 'file');
    chmodSync(dir, 0);
    assert.deepEqual(
      asNobody(() => files.read(path)),
      { kind: 'unreadable', info: undefined },
    );
    assert.throws(() => asNobody(() => files.list(dir)), isFault('permission', dir, 'EACCES'));
    assert.throws(() => asNobody(() => files.create(join(dir, 'new'), 'x')), isFault('permission', 'EACCES'));
    chmodSync(dir, 0o700);
  });

  it('reads a range, and no more than there is', () => {
    const path = fresh();
    writeFileSync(path, '0123456789');
    assert.equal(files.readRange(path, 2, 3).toString(), '234');
    assert.equal(files.readRange(path, 8, 100).toString(), '89');
    assert.equal(files.readRange(path, 100, 1).length, 0);
    assert.throws(() => files.readRange(fresh(), 0, 1), isFault('io', 'ENOENT'));
    assert.throws(() => files.readRange(root, 0, 1), isFault('io', root));
  });

  it('reads from a file that is open wherever it is asked to, also once it is gone', () => {
    const path = fresh();
    writeFileSync(path, '0123456789');
    const file = files.open(path);
    rmSync(path);
    const into = Buffer.alloc(4, '.');
    assert.deepEqual([file.read(into, 2), into.toString()], [4, '2345']);
    assert.deepEqual([file.read(into, 8), into.toString()], [2, '8945']);
    assert.equal(file.read(into, 100), 0);
    file.close();
    assert.throws(() => files.open(fresh()), isFault('io', 'ENOENT'));
    assert.throws(() => files.open(root), isFault('io', root));
  });

  it('lists names that are not UTF-8, and fails where a file stands for a folder', () => {
    const dir = freshDir();
    writeFileSync(join(dir, 'ä b\n"c"'), '');
    assert.deepEqual(files.list(dir), ['ä b\n"c"']);
    if (process.platform === 'linux') {
      writeFileSync(Buffer.concat([Buffer.from(`${dir}/`), Buffer.from([0xff, 0x41])]), '');
      assert.ok(files.list(dir).includes('\uFFFDA'));
    }
    assert.throws(() => files.list(join(dir, 'ä b\n"c"')), isFault('io', 'ENOTDIR'));
  });
});

describe('writing', () => {
  it('puts a whole new text in the place of the old one, for its user alone', () => {
    const dir = freshDir();
    const path = join(dir, 'state.json');
    files.write(path, 'old');
    const { ino } = statSync(path);
    files.write(path, 'new\uD83D\uDE00');
    assert.equal(readFileSync(path, 'utf8'), 'new😀');
    assert.notEqual(statSync(path).ino, ino);
    assert.equal(modeOf(path), '600');
    assert.deepEqual(readdirSync(dir), ['state.json']);
  });

  it('does not write through a symlink', () => {
    const target = fresh();
    writeFileSync(target, 'theirs');
    const link = fresh();
    symlinkSync(target, link);
    assert.throws(() => files.write(link, 'ours'), isFault('io', link, 'ELOOP'));
    assert.equal(readFileSync(target, 'utf8'), 'theirs');
  });

  it('creates a file once, whatever lies there', () => {
    const path = fresh();
    assert.equal(files.create(path, 'first\n'), true);
    assert.equal(files.create(path, 'second\n'), false);
    assert.equal(readFileSync(path, 'utf8'), 'first\n');
    assert.equal(modeOf(path), '600');
    const link = fresh();
    symlinkSync('nowhere-at-all', link);
    assert.equal(files.create(link, 'x'), false);
    assert.throws(() => files.create(join(fresh(), 'x'), 'x'), isFault('io', 'ENOENT'));
  });

  it('renames once; whoever comes later is told that somebody was first', () => {
    const [from, to] = [fresh(), fresh()];
    writeFileSync(from, 'a');
    writeFileSync(to, 'b');
    assert.equal(files.rename(from, to), true);
    assert.equal(files.rename(from, to), false);
    assert.equal(readFileSync(to, 'utf8'), 'a');
  });

  it('does not say that somebody was first when it is the target folder that is missing', () => {
    const from = fresh();
    writeFileSync(from, 'a');
    assert.throws(() => files.rename(from, join(fresh(), 'x')), isFault('io', from, 'ENOENT'));
    assert.equal(readFileSync(from, 'utf8'), 'a');
  });

  it('removes once', () => {
    const path = fresh();
    writeFileSync(path, '');
    assert.equal(files.remove(path), true);
    assert.equal(files.remove(path), false);
  });

  it('removes a tree and nothing that its symlinks lead to', () => {
    const dir = freshDir();
    const outside = freshDir();
    writeFileSync(join(outside, 'kept'), '');
    mkdirSync(join(dir, 'sub'));
    symlinkSync(outside, join(dir, 'sub', 'link'));
    files.removeTree(dir);
    assert.equal(existsSync(dir), false);
    const link = fresh();
    symlinkSync(outside, link);
    files.removeTree(link);
    assert.deepEqual(readdirSync(outside), ['kept']);
    files.removeTree(fresh());
    const flat = freshDir();
    symlinkSync(outside, join(flat, 'link'));
    writeFileSync(join(flat, 'a'), '');
    files.removeTree(flat);
    assert.equal(existsSync(flat), false);
    assert.deepEqual(readdirSync(outside), ['kept']);
    const file = join(freshDir(), 'file');
    writeFileSync(file, '');
    files.removeTree(file);
    assert.equal(existsSync(file), false);
  });

  it('makes a folder with its parents, for its user alone', () => {
    const dir = join(fresh(), 'a', 'b');
    assert.equal(files.makeDir(dir), true);
    assert.equal(files.makeDir(dir), false);
    assert.equal(files.makeDir(join(dir, 'c')), true);
    assert.equal(modeOf(dir), '700');
    assert.equal(modeOf(join(dir, '..')), '700');
    const file = fresh();
    writeFileSync(file, '');
    assert.throws(() => files.makeDir(file), isFault('io', file));
  });

  it('says what stands in the way of a folder, though its parents are missing too, and not that it is gone', (t) => {
    const disk = freshDir();
    const isMounted = spawnSync('mount', ['-t', 'tmpfs', '-o', 'ro,size=64k', 'none', disk]).status === 0;
    if (isMounted) t.after(() => spawnSync('umount', [disk]));
    else chmodSync(disk, 0o500);
    const [dir, deep] = [join(disk, 'a'), join(disk, 'b', 'c', 'd')];
    // Where nothing can be mounted, the mode forbids it, to all but root.
    const refuse = (path: string): void => assert.throws(() => files.makeDir(path), isFault('permission', path, isMounted ? 'EROFS' : 'EACCES'));
    for (const path of [dir, deep]) isMounted ? refuse(path) : asNobody(() => refuse(path));
    assert.deepEqual(readdirSync(disk), []);
  });

  it('truncates a log that others append to, and never makes it longer', () => {
    const path = fresh();
    writeFileSync(path, '0123456789');
    files.truncate(path, 4);
    files.truncate(path, 100);
    appendFileSync(path, 'x');
    assert.equal(readFileSync(path, 'utf8'), '0123x');
    const [target, link] = [fresh(), fresh()];
    linkSync(path, target);
    symlinkSync(target, link);
    assert.throws(() => files.truncate(link, 0), isFault('io', link));
    assert.equal(readFileSync(path, 'utf8'), '0123x');
  });

  it('flushes a folder, and names one that is not there', () => {
    files.flushDir(root);
    const gone = fresh();
    assert.throws(() => files.flushDir(gone), isFault('io', gone, 'ENOENT'));
  });

  it('knows the free space and the real path', () => {
    assert.ok(files.freeBytes(root) > 0);
    const link = fresh();
    symlinkSync(root, link);
    assert.equal(files.realPath(join(link, '.')), root);
    assert.throws(() => files.realPath(fresh()), isFault('io', 'ENOENT'));
  });
});

describe('watching', () => {
  it('tells that a file appeared, and nothing after it was closed', async () => {
    const dir = freshDir();
    let hints = 0;
    const watch = files.watch(dir, () => hints++);
    await eventually('a hint', () => {
      writeFileSync(join(dir, 'x'), String(hints));
      return hints > 0;
    });
    watch.close();
    const before = hints;
    writeFileSync(join(dir, 'y'), '');
    const other = files.watch(dir, () => hints--);
    await eventually('a hint to another', () => {
      writeFileSync(join(dir, 'z'), '');
      return hints < before;
    });
    other.close();
  });

  it('names what appeared, and what went away', async () => {
    const dir = freshDir();
    const names = new Set<string | undefined>();
    const watch = files.watch(dir, (name) => names.add(name));
    await eventually('what appeared', () => {
      writeFileSync(join(dir, 'ü'), '');
      return names.has('ü');
    });
    names.clear();
    await eventually('what went away', () => {
      writeFileSync(join(dir, 'y'), '');
      rmSync(join(dir, 'y'));
      return names.has('y');
    });
    watch.close();
  });

  it('tells of what somebody else puts where this process has moved a file away, and on Linux not of the move', async () => {
    const dir = freshDir();
    const names: (string | undefined)[] = [];
    const watch = files.watch(dir, (name) => names.push(name));
    await eventually('the watch is armed', () => {
      writeFileSync(join(dir, 'x'), '');
      return names.includes('x');
    });
    for (const name of ['mine', 'both']) {
      const away = fresh();
      writeFileSync(join(dir, name), '');
      await eventually(`${name} is told of`, () => names.includes(name));
      // From here on events are read before what is to be forgotten is.
      await new Promise(setImmediate);
      names.length = 0;
      assert.equal(files.rename(join(dir, name), away), true);
      if (name === 'both') renameSync(away, join(dir, name));
      // What comes under another name after it is told of after it.
      await eventually('what came later', () => {
        writeFileSync(join(dir, 'y'), '');
        return names.includes('y');
      });
      if (name === 'both') assert.ok(names.includes('both'));
      else if (process.platform === 'linux') assert.deepEqual([...new Set(names)], ['y']);
    }
    watch.close();
  });

  it('goes on when the folder is replaced, and says so', async () => {
    const dir = freshDir();
    let hints = 0;
    const watch = files.watch(dir, () => hints++);
    const next = freshDir();
    renameSync(next, dir);
    await eventually('the hint of the replacement', () => hints > 0);
    await eventually('hints from the new folder', () => {
      const before = hints;
      writeFileSync(join(dir, 'x'), '');
      return eventually('one more', () => hints > before);
    });
    watch.close();
  });

  it('begins when the folder appears', async () => {
    const dir = fresh();
    let hints = 0;
    const watch = files.watch(dir, () => hints++);
    mkdirSync(dir);
    await eventually('the watch is armed', () => hints > 0);
    rmSync(dir, { recursive: true });
    await eventually('its end is told', () => hints > 1);
    watch.close();
  });
});
