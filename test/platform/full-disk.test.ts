import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { after, describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { tempRoot } from '../support/temp-root.ts';

const FIXTURE = fileURLToPath(new URL('../fixtures/platform/full-disk.ts', import.meta.url));
const root = tempRoot();

function run(dir: string, prelude: string): unknown {
  const script = `${prelude} exec "$0" --import tsx "$1" "$2"`;
  const ran = spawnSync('sh', ['-c', script, process.execPath, FIXTURE, dir], { encoding: 'utf8' });
  assert.equal(ran.status, 0, ran.stderr);
  return JSON.parse(ran.stdout);
}

const expected = (errno: string) => ({
  faults: [`io ${errno} hint`, `io ${errno} hint`, `io ${errno} hint`],
  names: ['log.jsonl', 'state.json'],
  state: 'old\n',
  log: 'first\nsecond\n',
  sizeBytes: 6,
});

describe('a disk that takes a part of a text and then no more', () => {
  it('leaves the old state, no half tick and no torn line behind, and all goes on', () => {
    // A limit on the size of files is a full disk that every user may have: a short write first, then an error.
    assert.deepEqual(run(root, 'ulimit -f 64;'), expected('EFBIG'));
  });

  it('says ENOSPC and what to do where a small disk can be mounted, and else the same through the limit', () => {
    const disk = join(root, 'disk');
    mkdirSync(disk);
    const isMounted = spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=64k', 'none', disk]).status === 0;
    if (isMounted) after(() => spawnSync('umount', [disk]));
    assert.deepEqual(run(disk, isMounted ? '' : 'ulimit -f 64;'), expected(isMounted ? 'ENOSPC' : 'EFBIG'));
  });
});
