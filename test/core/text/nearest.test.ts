import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import * as fc from 'fast-check';
import { editDistance, nearest } from '../../../lib/core/text/nearest.ts';

const KNOWN = ['description', 'enabled', 'timeout', 'idle_timeout', 'kill_grace', 'run'];

describe('the nearest known word', () => {
  for (const [word, expected] of [
    ['timout', 'timeout'],
    ['tiemout', 'timeout'],
    ['Timeout', 'timeout'],
    ['idle-timeout', 'idle_timeout'],
    ['killGrace', 'kill_grace'],
    ['rnu', 'run'],
    ['enable', 'enabled'],
  ] as const) {
    it(`of ${word} is ${expected}`, () => assert.equal(nearest(word, KNOWN), expected));
  }

  it('is none where nothing is near, where there is no word, and where the word is endless', () => {
    for (const word of ['zzz', '', 'x', 'budget', 't'.repeat(100_000)]) assert.equal(nearest(word, KNOWN), undefined);
  });
});

describe('the distance of two words', () => {
  it('counts a swap of neighbours as one', () => {
    assert.deepEqual([editDistance('ab', 'ba'), editDistance('abc', 'abd'), editDistance('', 'abc'), editDistance('kitten', 'sitting')], [1, 1, 3, 3]);
  });

  it('is 0 for equal words only, the same both ways, and never more than the longer word', () => {
    const word = fc.string({ maxLength: 12 });
    return fc.assert(
      fc.property(word, word, (a, b) => {
        assert.equal(editDistance(a, b), editDistance(b, a));
        assert.equal(editDistance(a, b) === 0, a === b);
        assert.ok(editDistance(a, b) <= Math.max(a.length, b.length));
      }),
    );
  });
});
