import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { formatProblem } from '../../../lib/core/text/problem-text.ts';

const PROBLEM = { path: 'cadences/job.yaml', line: 3, column: 7, key: 'run.cwd', message: 'found 5', hint: 'Put it in quotes.' };

describe('the text of a problem', () => {
  it('is path:line:column, the key, what it is, and what to do', () => {
    assert.equal(formatProblem(PROBLEM), 'cadences/job.yaml:3:7  run.cwd: found 5. Put it in quotes.');
  });

  it('has no key and no hint where there is none', () => {
    assert.equal(formatProblem({ ...PROBLEM, key: '', hint: '' }), 'cadences/job.yaml:3:7  found 5.');
  });

  it('is one line that no terminal obeys, whatever the file is called and holds', () => {
    const text = formatProblem({ ...PROBLEM, path: 'a\nb\u001b]0;x\u0007.yaml', key: 'a\tb', message: '\u202ex' });
    assert.equal(text, 'a\\nb\\x1b]0;x\\x07.yaml:3:7  a\\tb: \\u202ex. Put it in quotes.');
  });
});
