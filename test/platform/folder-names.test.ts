import assert from 'node:assert/strict';
import { type Dir, opendirSync, rmSync, writeFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import { folderParts } from '../../lib/platform/folder-names.ts';
import { tempRoot } from '../support/temp-root.ts';

function folderOf(count: number): string {
  const dir = tempRoot();
  for (let n = 0; n < count; n += 1) writeFileSync(`${dir}/file-${n}`, '');
  return dir;
}

const named = (count: number): readonly string[] => Array.from({ length: count }, (_, n) => `file-${n}`).toSorted();

describe('a folder that is read in parts', () => {
  it('brings every name once, however many there are', () => {
    for (const count of [0, 1, 1_023, 1_024, 1_025, 2_048, 3_000]) {
      const dir = folderOf(count);
      const parts = [...folderParts(dir, 0)];
      assert.deepEqual(parts.flat().toSorted(), named(count));
      assert.ok(parts.every((part) => part.length <= 1_024));
      assert.deepEqual([...folderParts(dir)].flat().toSorted(), named(count));
    }
  });

  it('brings what stays while others are removed, and nothing where there is no folder', () => {
    const dir = folderOf(3_000);
    const seen = new Set<string>();
    for (const part of folderParts(dir, 0)) {
      for (const name of part) {
        seen.add(name);
        rmSync(`${dir}/${name}`);
      }
    }
    assert.equal(seen.size, 3_000);
    assert.deepEqual([...folderParts(`${dir}/none`)], []);
    // It goes between the look at it and its opening.
    const gone = folderParts(dir, 0, (path) => {
      rmSync(path, { recursive: true });
      return opendirSync(path);
    });
    assert.deepEqual([...gone], []);
  });

  it('is closed where nobody wants the rest, and when it is through', () => {
    const dir = folderOf(1_500);
    let open = 0;
    const counted = (path: string): Dir => {
      const folder = opendirSync(path);
      open += 1;
      const close = folder.closeSync.bind(folder);
      folder.closeSync = () => {
        open -= 1;
        close();
      };
      return folder;
    };
    for (const _ of folderParts(dir, 0, counted)) break;
    assert.equal(open, 0);
    assert.equal([...folderParts(dir, 0, counted)].flat().length, 1_500);
    assert.equal(open, 0);
  });

  it('is read again, whole, where the system loses the place', () => {
    const dir = folderOf(1_500);
    const torn = (path: string): Dir => {
      const folder = opendirSync(path);
      const read = folder.readSync.bind(folder);
      let left = 1_100;
      folder.readSync = () => {
        left -= 1;
        if (left < 0) throw Object.assign(new Error('gone'), { code: 'ENOENT', syscall: 'lstat' });
        return read();
      };
      return folder;
    };
    assert.deepEqual([...new Set([...folderParts(dir, 0, torn)].flat())].toSorted(), named(1_500));
  });
});
