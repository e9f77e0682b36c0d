import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import { tempRoot } from '../support/temp-root.ts';
import { failuresIn } from './reasons.ts';

/** What node itself says of a file of tests. */
function outputOf(body: string, ...words: readonly string[]): string {
  const root = tempRoot();
  mkdirSync(`${root}/test`);
  writeFileSync(`${root}/test/x.test.mjs`, `import assert from 'node:assert/strict';\nimport { describe, it } from 'node:test';\n${body}\n`);
  const { NODE_TEST_CONTEXT: _context, ...env } = process.env;
  const args = ['--test', '--test-reporter=spec', '--test-reporter-destination=stdout', ...words, `${root}/test/x.test.mjs`];
  return spawnSync(process.execPath, args, { encoding: 'utf8', env }).stdout;
}

describe('the reasons of a broken row', () => {
  it('are the titles of the tests that failed, each with the first words of its error', () => {
    const failures = failuresIn(
      outputOf(`
      describe('a storm', () => {
        it('loses none', () => assert.deepEqual([], ['x'], 'ticks without an end'));
        it('is well', () => undefined);
      });
      it('throws', () => { throw new Error('two\\nlines'); });`),
    );
    assert.deepEqual(failures.length, 2, failures.join('; '));
    assert.match(failures[0] ?? '', /^loses none: AssertionError.*: ticks without an end$/);
    assert.match(failures[1] ?? '', /^throws: Error: two$/);
  });

  it('name a file that was cut off, and what the runner itself said', () => {
    const [cut] = failuresIn(outputOf("it('hangs', () => new Promise((go) => setTimeout(go, 3_000)));", '--test-timeout=300'));
    assert.match(cut ?? '', /: '?test timed out after 300ms'?$/);
    assert.deepEqual(failuresIn('run-tests: No unit test file found.\n'), ['run-tests: No unit test file found.']);
    assert.deepEqual(failuresIn(outputOf("it('is well', () => undefined);")), []);
  });
});
