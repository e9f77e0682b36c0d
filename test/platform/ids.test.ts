import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { isTickId } from '../../lib/core/tick.ts';
import { createIds } from '../../lib/platform/ids.ts';

const ids = createIds();

describe('ids', () => {
  it('are fresh each time, over many pools and for two makers', () => {
    const other = createIds();
    const seen = new Set<string>();
    for (let i = 0; i < 20_000; i++) {
      const id = (i % 2 === 0 ? ids : other).fresh();
      assert.ok(isTickId(id), id);
      seen.add(id);
    }
    assert.equal(seen.size, 20_000);
  });

  it('use every letter at every place about as often', () => {
    const counts = new Map<string, number>();
    for (let i = 0; i < 30_000; i++) for (const letter of ids.fresh()) counts.set(letter, (counts.get(letter) ?? 0) + 1);
    assert.equal(counts.size, 36);
    for (const [letter, n] of counts) assert.ok(n > 9_300 && n < 10_700, `${letter}: ${n}`);
  });

  it('are the same for the same words, in every version of this program', () => {
    assert.equal(ids.keyed('nightly-backup', 'slot', '2026-11-20T07:00:00.000Z'), createIds().keyed('nightly-backup', 'slot', '2026-11-20T07:00:00.000Z'));
    assert.equal(ids.keyed('a', 'b'), 'j71f4zjhz6z1');
    assert.ok(isTickId(ids.keyed()));
  });

  it('differ for words that are merely written alike', () => {
    const lists = [['a', 'b'], ['ab'], ['a', 'b', ''], ['', 'a', 'b'], ['a,b'], ['a","b'], ['a\0b'], ['é'], ['e\u0301'], ['\uD800'], ['\uFFFD'], []];
    assert.equal(new Set(lists.map((words) => ids.keyed(...words))).size, lists.length);
  });
});
