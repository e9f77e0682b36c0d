import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { parseSize } from '../../lib/wire/size.ts';

describe('a size', () => {
  it('has a unit, and a K is 1024', () => {
    for (const [text, bytes] of [
      ['256MB', 268_435_456],
      ['64KiB', 65_536],
      ['1.5 gb', 1_610_612_736],
      ['10b', 10],
      ['2k', 2048],
      ['0MB', 0],
    ] as const)
      assert.equal(parseSize(text), bytes, text);
  });

  it('is refused without a unit, with a sign, or where no number holds it', () => {
    for (const text of ['256', '', 'MB', '-1MB', '1e3MB', '1 M B', '99999999999TB', '1xb']) assert.equal(parseSize(text), undefined, text);
  });
});
