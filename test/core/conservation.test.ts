import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { takeCensus } from '../../lib/core/conservation.ts';

const set = (...ids: readonly string[]): ReadonlySet<string> => new Set(ids);

describe('the conservation proof', () => {
  it('names what was seen and lies nowhere, and what lies in two places', () => {
    const audit = takeCensus({ waiting: set('a', 'b'), running: set('b', 'c'), dead: set('d'), finished: set('e', 'a'), seen: set('a', 'c', 'e', 'x', 'w') });
    assert.deepEqual(audit, { enqueued: 7, waiting: 2, running: 2, finished: 1, dead: 1, missing: ['w', 'x'], doubled: ['b'] });
  });

  it('finds nothing wrong where every tick has one place or an end', () => {
    const { missing, doubled } = takeCensus({ waiting: set('a'), running: set('b'), dead: set('c'), finished: set('d'), seen: set('a', 'b', 'c', 'd') });
    assert.deepEqual([missing, doubled], [[], []]);
  });
});
