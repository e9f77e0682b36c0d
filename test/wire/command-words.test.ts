import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { describe, it } from 'node:test';
import * as fc from 'fast-check';
import { splitCommand } from '../../lib/wire/command-words.ts';

describe('a command in one text', () => {
  for (const [text, words] of [
    ['ls -l', ['ls', '-l']],
    ['  ls \t -l ', ['ls', '-l']],
    [`git commit -m 'two words'`, ['git', 'commit', '-m', 'two words']],
    [`echo "a 'b' \\"c\\" \\\\ \\n"`, ['echo', `a 'b' "c" \\ \\n`]],
    [`echo 'a $(b) | c' "*" \\$x`, ['echo', 'a $(b) | c', '*', '$x']],
    [`a"b"'c'd\\ e`, ['abcd e']],
    [`x "" ''`, ['x', '', '']],
    ['~/bin/x a=b c#d x~ [', ['~/bin/x', 'a=b', 'c#d', 'x~', '[']],
    [`"exit" ./exec echo exit`, ['exit', './exec', 'echo', 'exit']],
    ['', []],
  ] as const) {
    it(`${JSON.stringify(text)} is ${JSON.stringify(words)}`, () => assert.deepEqual(splitCommand(text), { kind: 'words', words }));
  }

  for (const [text, found] of [
    ['a | b', '|'],
    ['a || b', '||'],
    ['a && b', '&&'],
    ['a &', '&'],
    ['a; b', ';'],
    ['a > b', '>'],
    ['a >> b', '>>'],
    ['a < b', '<'],
    ['(a)', '('],
    ['echo $HOME', '$'],
    ['echo $(date)', '$('],
    ['echo "$(date)"', '$('],
    ['echo `date`', '`'],
    ['echo "`date`"', '`'],
    ['ls *.md', '*'],
    ['ls a?', '?'],
    ['ls [ab]', '[ab]'],
    ['cat ~/x', '~'],
    ['ls # all', '#'],
    ['A=b x', 'A='],
    ['. ./env.sh', '.'],
    ['exec ./x', 'exec'],
    ['cd /tmp', 'cd'],
    ['exit 3', 'exit'],
    ['! grep x y', '!'],
    ['a\nb', 'a line break'],
  ] as const) {
    it(`${JSON.stringify(text)} needs a shell, for ${found}`, () => assert.deepEqual(splitCommand(text), { kind: 'shell_syntax', found }));
  }

  for (const [text, quote] of [
    [`a 'b`, "'"],
    [`a "b`, '"'],
    ['a \\', '\\'],
    [`a "b\\`, '"'],
  ] as const) {
    it(`${JSON.stringify(text)} is not closed`, () => assert.deepEqual(splitCommand(text), { kind: 'unclosed', quote }));
  }

  it('is split exactly as /bin/sh splits it, or refused', async () => {
    const text = fc.string({ unit: fc.constantFrom(...'ab \'"\\$|*?[]~#=-&;'.split('')), maxLength: 14 });
    let split = 0;
    await fc.assert(
      fc.property(text, (tail) => {
        const words = splitCommand(`p ${tail}`);
        if (words.kind !== 'words') return;
        split += 1;
        const shell = execFileSync('/bin/sh', ['-c', `p() { for w in "$@"; do printf '%s\\n' "$w"; done; }\np ${tail}`], { encoding: 'utf8' });
        assert.equal(
          words.words
            .slice(1)
            .map((word) => `${word}\n`)
            .join(''),
          shell,
        );
      }),
      { numRuns: 600 },
    );
    assert.ok(split > 50, `only ${split} texts were split`);
  });
});
