import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { unifiedDiff } from '../../../lib/core/text/unified-diff.ts';

describe('a unified diff', () => {
  it('shows three lines around a change, and counts lines as diff does', () => {
    const before = 'a\nb\nc\nd\ne\nf\ng\n';
    const expected = '--- a/x\n+++ b/x\n@@ -2,6 +2,6 @@\n b\n c\n d\n-e\n+E\n f\n g\n';
    assert.equal(unifiedDiff('x', before, before.replace('e', 'E')), expected);
  });

  it('of a new file and of one that goes names /dev/null', () => {
    assert.equal(unifiedDiff('x', undefined, 'a\n'), '--- /dev/null\n+++ b/x\n@@ -0,0 +1,1 @@\n+a\n');
    assert.equal(unifiedDiff('x', 'a\n', undefined), '--- a/x\n+++ /dev/null\n@@ -1,1 +0,0 @@\n-a\n');
    assert.equal(unifiedDiff('x', 'a\n', 'a\n'), '');
  });

  it('says where the last newline is missing', () => {
    assert.equal(unifiedDiff('x', 'a', 'a\n'), '--- a/x\n+++ b/x\n@@ -1,1 +1,1 @@\n-a\n\\ No newline at end of file\n+a\n');
  });

  it('carries one text into the other, whatever they are', () => {
    const line = fc.constantFrom('a', 'b', 'c', 'd', '');
    const text = fc
      .tuple(fc.array(line, { maxLength: 30, size: 'max' }), fc.boolean())
      .map(([lines, isOpen]) => lines.join('\n') + (isOpen || lines.length === 0 ? '' : '\n'));
    fc.assert(fc.property(text, text, (before, now) => assert.equal(apply(before, unifiedDiff('x', before, now)), now)));
  });
});

/** What `patch` does, without its guesses: every line of a hunk must be where it says. */
function apply(before: string, diff: string): string {
  const source = before.split(/(?<=\n)/).filter((line) => line !== '');
  const result: string[] = [];
  let at = 0;
  const lines = diff.split('\n').slice(0, -1);
  for (const [index, line] of lines.entries()) {
    const hunk = /^@@ -(\d+),(\d+) \+\d+,\d+ @@$/.exec(line);
    if (hunk !== null) {
      const start = Number(hunk[2]) === 0 ? Number(hunk[1]) : Number(hunk[1]) - 1;
      result.push(...source.slice(at, start));
      at = start;
    } else if (/^[ +-]/.test(line) && !/^(---|\+\+\+) /.test(line)) {
      const text = `${line.slice(1)}${lines[index + 1]?.startsWith('\\') === true ? '' : '\n'}`;
      if (line.startsWith('+')) result.push(text);
      else {
        assert.equal(source[at], text, `line ${at + 1} is not what the diff says`);
        if (line.startsWith(' ')) result.push(text);
        at += 1;
      }
    }
  }
  return [...result, ...source.slice(at)].join('');
}
