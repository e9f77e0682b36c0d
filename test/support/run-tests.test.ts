import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { after, describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';

const SUPPORT = dirname(fileURLToPath(import.meta.url));
const base = realpathSync(mkdtempSync(join(tmpdir(), 'run-tests-')));
after(() => rmSync(base, { recursive: true, force: true }));

const test = (body: string): string => `import { it } from 'node:test';\n${body}\n`;
const PASSING = test(`it('passes', () => {});`);

/** A project of nothing but the runner and these files under `test/`. */
function run(name: string, files: Readonly<Record<string, string>>, ...args: readonly string[]): { status: number | null; stdout: string; stderr: string } {
  const root = join(base, name);
  mkdirSync(join(root, 'test', 'support'), { recursive: true });
  cpSync(join(SUPPORT, 'run-tests.mjs'), join(root, 'test', 'support', 'run-tests.mjs'));
  symlinkSync(join(SUPPORT, '..', '..', 'node_modules'), join(root, 'node_modules'));
  writeFileSync(join(root, 'package.json'), '{ "type": "module" }');
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(root, 'test', path)), { recursive: true });
    writeFileSync(join(root, 'test', path), text);
  }
  const env = { ...process.env, AGENT_ROOT: '/nowhere' };
  const { status, stdout, stderr } = spawnSync(process.execPath, ['test/support/run-tests.mjs', ...args], { cwd: root, encoding: 'utf8', env });
  return { status, stdout, stderr };
}

describe('run-tests', () => {
  it('runs every .test.ts file in any folder and leaves the closing lines of node on stdout', () => {
    const { status, stdout } = run('all', { 'a.test.ts': PASSING, 'core/deep/b.test.ts': PASSING, 'core/b.ts': 'throw new Error();' });
    assert.equal(status, 0);
    assert.match(stdout, /^ℹ tests 2$/m);
    assert.match(stdout, /^ℹ pass 2$/m);
  });

  it('fails where a test fails', () => {
    const { status, stdout } = run('failing', { 'a.test.ts': test(`it('fails', () => { throw new Error('no'); });`), 'b.test.ts': PASSING });
    assert.equal(status, 1);
    assert.match(stdout, /^ℹ fail 1$/m);
  });

  it('tells what failed once more at the end, in lines that .ci/run finds', () => {
    const { status, stdout } = run('told', { 'a.test.ts': test(`it('fails', () => { throw new Error('no'); });`), 'b.test.ts': PASSING });
    assert.equal(status, 1);
    assert.match(stdout, /^failed: fails \(test\/a\.test\.ts\)$/m);
    assert.match(stdout, /^failed: {3,}error: 'no'$/m);
    assert.doesNotMatch(stdout, /^unsteady/m);
    assert.equal(stdout.match(/^ℹ tests /gm)?.length, 1, 'what runs again is counted once');
  });

  const ONCE = `import { existsSync, writeFileSync } from 'node:fs';
    it('fails once', () => { if (existsSync('been')) return; writeFileSync('been', ''); throw new Error('only once'); });`;

  it('passes with a word where what failed beside others passes alone', () => {
    const { status, stdout } = run('unsteady', { 'a.test.ts': test(ONCE), 'b.test.ts': PASSING });
    assert.equal(status, 0, stdout);
    assert.match(stdout, /^unsteady: fails once \(test\/a\.test\.ts\)$/m);
    assert.match(stdout, /^unsteady: {3,}error: 'only once'$/m);
    assert.match(stdout, /^ℹ fail 1$/m);
  });

  it('believes no second run of a file that was named, nor of many', () => {
    assert.equal(run('named', { 'a.test.ts': test(ONCE) }, 'a.test').status, 1);
    const many = test(
      [1, 2, 3, 4]
        .map((at) =>
          ONCE.replaceAll('been', `been${at}`)
            .replace('fails once', `fails once ${at}`)
            .replace(/^import.*$/m, at === 1 ? '$&' : ''),
        )
        .join('\n'),
    );
    const { status, stdout } = run('many', { 'a.test.ts': many });
    assert.equal(status, 1);
    assert.doesNotMatch(stdout, /Once more/);
  });

  it('fails where there is no test file at all', () => {
    const { status, stderr } = run('none', { 'a.ts': PASSING });
    assert.equal(status, 1);
    assert.match(stderr, /No unit test file found/);
  });

  it('fails where a file has no test in it, which node counts as a test that passed', () => {
    const { status, stderr } = run('empty', { 'a.test.ts': PASSING, 'hollow.test.ts': 'export {};' });
    assert.equal(status, 1);
    assert.match(stderr, /No test in test\/hollow\.test\.ts/);
  });

  it('keeps e2e and bench out of the unit suite, and runs each when it is named', () => {
    const files = { 'a.test.ts': PASSING, 'bench/b.test.ts': test(`it('measures', () => {});`), 'e2e/p.e2e.test.ts': PASSING };
    assert.match(run('unit', files).stdout, /^ℹ tests 1$/m);
    assert.match(run('bench', files, 'bench').stdout, /✔ measures/);
  });

  it('hands the folder of one package to all e2e tests, and runs none where the package cannot be made', () => {
    const e2e = test(`import { readFileSync } from 'node:fs';
      it('sees the package', () => { readFileSync(process.env['CADENCE_BUS_PACKED'] ?? ''); });`);
    const maker = `import { writeFileSync } from 'node:fs';\nwriteFileSync(process.argv[2]!, 'made');\n`;
    const made = run('packs', { 'support/packed.ts': maker, 'e2e/a.e2e.test.ts': e2e, 'e2e/b.e2e.test.ts': e2e }, 'e2e');
    assert.equal(made.status, 0, made.stdout);
    assert.match(made.stdout, /^ℹ pass 2$/m);
    const unmade = run('packs-not', { 'support/packed.ts': 'process.exit(3);', 'e2e/a.e2e.test.ts': e2e }, 'e2e');
    assert.equal(unmade.status, 1);
    assert.match(unmade.stderr, /package could not be made/);
  });

  it('runs only files whose path contains one of the words', () => {
    const files = { 'core/tick.test.ts': PASSING, 'core/gate.test.ts': PASSING, 'wire/tick.test.ts': PASSING };
    assert.match(run('filter', files, 'core/tick', 'wire').stdout, /^ℹ tests 2$/m);
    const { status, stderr } = run('filter-nothing', files, 'no-such');
    assert.equal(status, 1);
    assert.match(stderr, /contains no-such/);
  });

  it('loads in one process what leaves its process as it found it, and tells which file failed', () => {
    const asks = (word: string): string => `(globalThis as Record<string, unknown>)['seen'] ${word}`;
    const first = test(`${asks('= true')};\nit('is first', () => {});`);
    const second = test(`it('shares', () => { if (${asks('!== true')}) throw new Error('alone'); });\nit('fails', () => { throw new Error('no'); });`);
    const alone = test(`it('is alone', () => { if (${asks('=== true')}) throw new Error('shared'); });`);
    const { status, stdout } = run('shared', { 'core/a.test.ts': first, 'core/b.test.ts': second, 'owner/c.test.ts': alone });
    assert.equal(status, 1);
    assert.match(stdout, /^ℹ tests 4$/m);
    assert.deepEqual(stdout.match(/^failed: \w.*$/gm), ['failed: fails (test/core/b.test.ts)']);
  });

  it('notices a file without a test also where others share a process', () => {
    const { status, stderr } = run('hollow', { 'core/a.test.ts': PASSING, 'core/b.test.ts': PASSING, 'core/hollow.test.ts': 'export {};' });
    assert.equal(status, 1);
    assert.match(stderr, /No test in test\/core\/hollow\.test\.ts/);
  });

  it('lets no root of the shell reach a test', () => {
    const { status, stdout } = run('env', { 'a.test.ts': test(`it('has none', () => { if (process.env['AGENT_ROOT'] !== undefined) throw new Error(); });`) });
    assert.equal(status, 0, stdout);
  });
});
