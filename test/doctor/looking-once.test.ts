import assert from 'node:assert/strict';
import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import { lookingOnce } from '../../lib/app/doctor/looking-once.ts';
import { createFiles } from '../../lib/platform/files.ts';
import type { FileInfo } from '../../lib/ports.ts';
import { tempRoot } from '../support/temp-root.ts';

/** How often each path was looked at, and what is to happen instead. */
function counted(instead?: (path: string) => FileInfo | undefined) {
  const looks: string[] = [];
  const real = createFiles();
  const info = (path: string): FileInfo | undefined => {
    looks.push(path);
    return (instead ?? real.info)(path);
  };
  return { looks, files: lookingOnce({ ...real, info }) };
}

describe('a look at the files of one examination', () => {
  it('is one for each path, whether something lies there or not', () => {
    const root = tempRoot();
    writeFileSync(`${root}/a`, 'one');
    const { looks, files } = counted();
    for (let time = 0; time < 3; time += 1) assert.deepEqual([files.info(`${root}/a`)?.sizeBytes, files.info(`${root}/b`)], [3, undefined]);
    assert.deepEqual(looks, [`${root}/a`, `${root}/b`]);
  });

  it('is made again where it could not be made', () => {
    const { looks, files } = counted(() => {
      throw new Error('refused');
    });
    for (let time = 0; time < 2; time += 1) assert.throws(() => files.info('/a'), /refused/);
    assert.equal(looks.length, 2);
  });

  it('is none for what is listed and read, which is as it is now', () => {
    const root = tempRoot();
    mkdirSync(`${root}/folder`);
    const { files } = counted();
    assert.deepEqual(files.list(`${root}/folder`), []);
    writeFileSync(`${root}/folder/a`, 'one');
    assert.deepEqual(files.list(`${root}/folder`), ['a']);
    const text = (): unknown => {
      const found = files.read(`${root}/folder/a`);
      return found?.kind === 'text' ? found.text : found;
    };
    assert.equal(text(), 'one');
    writeFileSync(`${root}/folder/a`, 'two');
    chmodSync(`${root}/folder/a`, 0o600);
    assert.equal(text(), 'two');
  });
});
