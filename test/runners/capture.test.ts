import assert from 'node:assert/strict';
import { appendFileSync, existsSync, mkdirSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { createFiles } from '../../lib/platform/files.ts';
import type { Files } from '../../lib/ports.ts';
import { keepOutput, readTail, TAIL_BYTES } from '../../lib/runners/capture.ts';
import { tempRoot } from '../support/temp-root.ts';

const root = tempRoot();
const files = createFiles();

describe('the tail of an output file', () => {
  it('M11 is read from 300 MB by one read of 4 KB', () => {
    const path = join(root, 'big.log');
    writeFileSync(path, '');
    truncateSync(path, 300 * 1024 * 1024);
    appendFileSync(path, `\n${'e'.repeat(5000)}the end\n`);
    const reads: number[] = [];
    const readRange: Files['readRange'] = (file, offset, bytes) => {
      reads.push(bytes);
      return files.readRange(file, offset, bytes);
    };
    const tail = readTail({ ...files, readRange }, path);
    assert.deepEqual(reads, [TAIL_BYTES]);
    assert.equal(tail.length, TAIL_BYTES);
    assert.ok(tail.endsWith('ethe end\n'));
  });

  it('never begins with half a character, wherever the cut falls', () => {
    const path = join(root, 'wide.log');
    for (const pad of [0, 1, 2, 3]) {
      writeFileSync(path, `${'😀'.repeat(2000)}${'.'.repeat(pad)}`);
      const tail = readTail(files, path);
      assert.match(tail, /^(?:😀)+\.*$/u);
      assert.ok(tail.length >= (TAIL_BYTES - 4) / 2);
    }
  });

  it('has what is no UTF-8 replaced, at its beginning too', () => {
    const path = join(root, 'odd.log');
    writeFileSync(path, Buffer.from([0xff, 0x61, 0xc3, 0x28, 0x80, 0x62]));
    assert.equal(readTail(files, path), '\ufffda\ufffd(\ufffdb');
    writeFileSync(path, Buffer.alloc(10_000, 0x80));
    assert.equal(readTail(files, path).length, TAIL_BYTES - 3);
  });

  it('is empty where there is no file, or something else in its place', () => {
    assert.equal(readTail(files, join(root, 'absent.log')), '');
    mkdirSync(join(root, 'folder.log'));
    assert.equal(readTail(files, join(root, 'folder.log')), '');
  });
});

describe('the output of a run', () => {
  it('M13 is kept where something is in it, and removed where nothing is', () => {
    const [stdoutPath, stderrPath] = [join(root, 'a.stdout.log'), join(root, 'a.stderr.log')];
    writeFileSync(stdoutPath, '');
    writeFileSync(stderrPath, '\n');
    assert.deepEqual(keepOutput(files, { stdoutPath, stderrPath }), { stdoutPath: null, stderrPath });
    assert.equal(existsSync(stdoutPath), false);
    assert.deepEqual(keepOutput(files, { stdoutPath, stderrPath }), { stdoutPath: null, stderrPath });
  });
});
