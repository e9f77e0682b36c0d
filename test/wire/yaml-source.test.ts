import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import * as fc from 'fast-check';
import { findExcess } from '../../lib/wire/yaml-nesting.ts';
import { readYaml } from '../../lib/wire/yaml-source.ts';

describe('a YAML text', () => {
  it('is read into plain values, each with its place', () => {
    const source = readYaml('a: 1\nb:\n  - x\n  - {c: true}\n');
    assert.deepEqual(source.value, { a: 1, b: ['x', { c: true }] });
    assert.deepEqual(source.problem(['b', 1, 'c'], 'm', 'h'), { line: 4, column: 9, key: 'b[1].c', message: 'm', hint: 'h' });
    assert.deepEqual(source.problem(['b', 1, 'c'], 'm', '', 'key').column, 6);
    assert.deepEqual(source.problem(['b', 1, 'missing'], 'm').column, 5, 'what is not there stands at what should hold it');
  });

  it('begins in the line that it is told to', () => {
    const source = readYaml('a: 1\nb: [\n', 2);
    assert.deepEqual(
      source.problems.map(({ line }) => line),
      [4],
    );
    assert.equal(readYaml('a: 1', 2).problem(['a'], 'm').line, 2);
  });

  it('keeps numbers as they were written', () => {
    const source = readYaml('a: 0644\nb: [1.10, 0x1F]\nc: &n 007\nd: *n\n');
    assert.deepEqual(
      [['a'], ['b', 0], ['b', 1], ['c'], ['d']].map((path) => source.writtenAt(path)),
      ['0644', '1.10', '0x1F', '007', '007'],
    );
  });

  it('has anchors: an alias is the last value of that name before it', () => {
    const source = readYaml('a: &x 1\nb: *x\nc: &x 2\nd: *x\n');
    assert.deepEqual([source.problems, source.value], [[], { a: 1, b: 1, c: 2, d: 2 }]);
  });

  it('under an old version directive is read by the same rules', () => {
    assert.deepEqual(readYaml('%YAML 1.1\n---\na: yes\nb: 2001-01-01\n').value, { a: 'yes', b: '2001-01-01' });
  });

  it('cannot reach a prototype', () => {
    const source = readYaml('__proto__: {polluted: true}\nconstructor: {prototype: {polluted: true}}\n');
    assert.equal(({} as Record<string, unknown>).polluted, undefined);
    assert.equal(Object.getPrototypeOf(source.value), Object.prototype);
    assert.deepEqual(
      source.problems.map(({ key }) => key),
      ['__proto__'],
    );
  });
});

describe('a YAML bomb', () => {
  it('of aliases ends after five thousand values', () => {
    const lines = ['a0: &a0 [x, x, x, x, x, x, x, x, x, x]'];
    for (let level = 1; level < 12; level++) lines.push(`a${level}: &a${level} [${Array.from({ length: 10 }, () => `*a${level - 1}`).join(', ')}]`);
    const source = readYaml(lines.join('\n'));
    assert.equal(source.isSound, false);
    assert.deepEqual(
      source.problems.map(({ message }) => message),
      ['more than 5000 values, those behind aliases included'],
    );
  });

  it('of values ends after five thousand values', () => {
    assert.match(readYaml(Array.from({ length: 6_000 }, (_, index) => `k${index}: 1`).join('\n')).problems[0]?.message ?? '', /more than 5000 values/);
  });

  for (const piece of [']', '! ', '%a\n', 'a: 1\n', '"', '&a ']) {
    it(`of ${JSON.stringify(piece)} without end is refused before it is parsed`, () => {
      const problems = readYaml(piece.repeat(250_000)).problems;
      assert.deepEqual(
        problems.map(({ message }) => message),
        ['too many words for a definition'],
      );
    });
  }

  // Each of these is parsed in this process: a parser that goes too deep takes the process with it, and no assertion is needed to notice.
  for (const [title, text] of [
    ['brackets', '['.repeat(100_000)],
    ['brackets over lines', '[\n'.repeat(60_000)],
    ['brackets that close', '['.repeat(60_000) + ']'.repeat(60_000)],
    ['braces', '{a: '.repeat(50_000)],
    ['dashes', '- '.repeat(100_000)],
    ['question marks', '? '.repeat(100_000)],
    ['colons', ': '.repeat(100_000)],
    ['indentation', Array.from({ length: 700 }, (_, depth) => `${' '.repeat(depth)}a:`).join('\n')],
    ['lists in indentation', Array.from({ length: 500 }, (_, depth) => `${' '.repeat(depth)}-`).join('\n')],
    ['brackets behind brackets in quotes', '["]", '.repeat(20_000)],
    ['a mix', '- ? [{a: '.repeat(20_000)],
  ] as const) {
    it(`of ${title} is refused before it is parsed`, () => {
      assert.equal(findExcess(text)?.kind, 'deep');
      assert.deepEqual(
        readYaml(text).problems.map(({ message }) => message),
        ['nested too deeply'],
      );
    });
  }

  it('is none where a text only looks like one', () => {
    const script = `run: |\n${Array.from({ length: 2_000 }, () => '  [[[{{{ - - -').join('\n')}\nlist:\n${'  - {a: [b, "]]]"]}\n'.repeat(500)}`;
    assert.equal(findExcess(script), undefined);
    assert.deepEqual(readYaml(script).problems, []);
  });
});

describe('any text at all', () => {
  const pieces = fc.constantFrom(
    'a',
    'run',
    ': ',
    ':',
    '- ',
    '-',
    '? ',
    '[',
    ']',
    '{',
    '}',
    ', ',
    '\n',
    '\n  ',
    '\n\t',
    '&a ',
    '*a',
    '!t ',
    '!!str ',
    '"',
    "'",
    '|',
    '>',
    '#',
    '%',
    '---\n',
    '...\n',
    '<<: ',
    '\r\n',
    '\u2028',
    '\ud800',
    '\\',
    '~',
    '0',
    '@',
    '`',
    '\ufeff',
    '\0',
  );
  const texts = fc.oneof(fc.string({ unit: pieces, maxLength: 60, size: 'max' }), fc.string({ unit: 'binary', maxLength: 80, size: 'max' }));

  it('is read or refused, never thrown, and every problem has a place', () => {
    return fc.assert(
      fc.property(texts, (text) => {
        const source = readYaml(text);
        assert.ok(source.isSound || source.problems.length > 0);
        for (const { line, column } of source.problems) assert.ok(line >= 1 && column >= 1 && line <= text.split('\n').length + 1);
      }),
      { numRuns: 3_000 },
    );
  });
});
