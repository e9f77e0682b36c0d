import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { cpSync, existsSync, readdirSync, readFileSync, symlinkSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { before, describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { tempRoot } from '../support/temp-root.ts';
import { type Results, readResults } from './results.ts';
import { PEER_ROWS, ROWS } from './rows/rows.ts';

const PROJECT = dirname(dirname(dirname(fileURLToPath(import.meta.url))));
const BENCH = join(PROJECT, 'test/bench/bench.ts');

describe('the harness', () => {
  const home = tempRoot('cb-bench-');
  const dist = join(home, 'dist');

  before(() => {
    // A build of its own: that of the project may be older than its sources, or be on its way.
    symlinkSync(join(PROJECT, 'node_modules'), join(home, 'node_modules'));
    cpSync(join(PROJECT, 'package.json'), join(home, 'package.json'));
    spawnSync(join(PROJECT, 'node_modules/.bin/tsc'), ['-p', PROJECT, '--outDir', dist], { encoding: 'utf8' });
    assert.ok(existsSync(join(dist, 'bin/cadence-bus.js')), 'the product was not built');
  });

  it('tells how it is asked, and measures nothing then', () => {
    const { status, stdout } = run('--help');
    assert.equal(status, 0);
    for (const option of ['--rows', '--quick', '--full', '--json', '--svg', '--check', '--against', '--dist', '--peers', '--list'])
      assert.match(stdout, new RegExp(`^  ${option}\\b`, 'm'));
    assert.ok(stdout.startsWith('Examples\n'));
  });

  function run(...words: readonly string[]) {
    return spawnSync(process.execPath, ['--import', 'tsx', BENCH, '--dist', dist, ...words], {
      encoding: 'utf8',
      cwd: PROJECT,
      env: { ...process.env, TMPDIR: home },
    });
  }

  it('has every workload of the table that needs no peer, each under its own number', () => {
    assert.deepEqual(
      ROWS.map(({ id }) => id),
      [1, 2, 3, 4, 7, 8, 9, 10, 11, 12, 13, 14, 16, 17, 18, 19, 20],
    );
  });

  it('has those that are measured beside peers under the same numbers, and keeps them apart in the comparison', () => {
    assert.deepEqual(
      PEER_ROWS.map(({ id }) => id),
      [1, 3, 4, 5, 6, 7, 9, 12, 15],
    );
    assert.ok(PEER_ROWS.every(({ needsPeers }) => needsPeers === true) && ROWS.every(({ needsPeers }) => needsPeers === undefined));
  });

  it('measures some of them in seconds: a figure and a target for each line, and all of it in the file', () => {
    const file = join(home, 'results.json');
    const done = run('--quick', '--rows', '17,9,18,19,20', '--json', file);
    assert.equal(done.status, 0, done.stderr);
    assert.throws(() => readResults(file), /--quick, which proves nothing/);
    const { results, conditions } = JSON.parse(readFileSync(file, 'utf8')) as Results;
    assert.ok(conditions.some((line) => line.startsWith('files ')));
    const isOnLinux = process.platform === 'linux';
    assert.deepEqual([...new Set(results.map(({ id }) => id))], isOnLinux ? [9, 17, 18, 19, 20] : [17, 18, 19]);
    for (const { id, workload, figure, target } of results) {
      assert.ok(Number.isFinite(figure) && Number.isFinite(target), `${id} ${workload}`);
      assert.ok(done.stdout.includes(workload), workload);
    }
  });

  it('leaves nothing mounted and nothing behind', () => {
    const done = run('--quick', '--rows', '17');
    assert.equal(done.status, 0, done.stderr);
    assert.deepEqual(
      readdirSync(home).filter((name) => name.startsWith('cadence-bench')),
      [],
    );
    assert.equal(spawnSync('mount', { encoding: 'utf8' }).stdout.includes(home), false);
  });

  it('refuses a number that no workload has', () => {
    const done = run('--rows', '99');
    assert.notEqual(done.status, 0);
    assert.match(done.stderr, /there is no row 99; there are 1, 2, 3/);
  });
});
