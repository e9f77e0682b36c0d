import assert from 'node:assert/strict';
import { it } from 'node:test';
import fc from 'fast-check';
import { beginning, ending, truncate } from '../../../lib/core/text/excerpt.ts';

const LONE_HALF = /\p{Surrogate}/u;
const texts = fc.string({ unit: fc.constantFrom('a', '😀', '\u00e4'), maxLength: 30 });

it('what is cut is cut between characters, never in the middle of one, and is no longer than asked', () => {
  fc.assert(
    fc.property(texts, fc.integer({ min: 1, max: 40 }), (text, width) => {
      for (const cut of [truncate(text, width), beginning(text, width), ending(text, width)]) {
        assert.ok(cut.length <= width, cut);
        assert.doesNotMatch(cut, LONE_HALF);
      }
      assert.ok(text.startsWith(beginning(text, width)) && text.endsWith(ending(text, width)));
      if (text.length <= width) assert.deepEqual([truncate(text, width), beginning(text, width), ending(text, width)], [text, text, text]);
    }),
  );
  assert.deepEqual([truncate('ab😀cd', 4), truncate('ab😀cd', 5), beginning('😀', 1), ending('😀', 1)], ['ab…', 'ab😀…', '', '']);
});
