import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { cutToWidth, widthOf } from '../../../lib/core/text/width.ts';

const RED = '\u001b[31m';
const RESET = '\u001b[0m';

describe('A44 the width of a text', () => {
  const widths: readonly (readonly [text: string, columns: number])[] = [
    ['', 0],
    ['abc', 3],
    ['é', 1],
    ['e\u0301', 1],
    ['日本語', 6],
    ['ｗｉｄｅ', 8],
    ['한국', 4],
    ['🚀', 2],
    ['▶ ‖ ✗ ◆', 7],
    ['a\u200db', 2],
    [`${RED}日${RESET}`, 2],
  ];
  for (const [text, columns] of widths)
    it(`of ${JSON.stringify(text)} is ${columns}`, () => {
      assert.equal(widthOf(text), columns);
    });

  it('is that of what is left where it is cut, with half a character never', () => {
    assert.equal(cutToWidth('abcdef', 6), 'abcdef');
    assert.equal(cutToWidth('abcdef', 5), 'abcd…');
    assert.equal(cutToWidth('日本語', 5), '日本…');
    assert.equal(cutToWidth('日本語', 4), '日…');
    assert.equal(cutToWidth('🚀🚀', 1), '…');
    assert.equal(cutToWidth('abc', 0), '');
    assert.equal(cutToWidth(`${RED}abcdef${RESET} g`, 4), `${RED}abc…${RESET}`);
    assert.equal(cutToWidth(`${RED}ab${RESET}cdef`, 4), `${RED}ab${RESET}c…`);
  });

  it('is never more than was asked for, whatever the text', () => {
    const text = fc.string({ unit: fc.oneof(fc.constantFrom('a', '日', '🚀', '\u0301', '\ud800', RED, RESET), fc.string({ unit: 'binary', maxLength: 1 })) });
    fc.assert(
      fc.property(text, fc.nat(20), (whole, columns) => {
        assert.ok(widthOf(cutToWidth(whole, columns)) <= columns);
      }),
    );
  });
});
