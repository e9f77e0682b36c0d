import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';

const PROJECT = fileURLToPath(new URL('../..', import.meta.url));

function run(script: string, ...words: readonly string[]) {
  return spawnSync('npm', ['run', '-s', script, '--', ...words], { cwd: PROJECT, encoding: 'utf8' });
}

describe('the long proofs', () => {
  for (const script of ['sim', 'faults', 'mutants'])
    it(`npm run ${script} tells what it can be asked, and starts nothing for a word that it does not know`, () => {
      const { status, stdout } = run(script, '--help');
      assert.deepEqual([status, stdout.split('\n').slice(0, 2).join('\n').startsWith(`Examples\n  npm run ${script} `)], [0, true]);
      const wrong = run(script, '--nope');
      assert.deepEqual([wrong.status, wrong.stdout], [64, '']);
      assert.equal(wrong.stderr, `${script}: Unknown option '--nope'\nSee npm run ${script} -- --help.\n`);
    });

  it('take whole numbers only', () => {
    const { status, stderr } = run('sim', '--seeds', '1.5');
    assert.deepEqual([status, stderr.split('\n')[0]], [64, 'sim: --seeds takes a whole number from 1 on']);
  });
});
