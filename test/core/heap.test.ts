import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { createHeap, type Heap } from '../../lib/core/heap.ts';
import { createSortedHeap } from '../../lib/core/sorted-heap.ts';

interface Item {
  readonly rank: number;
  readonly stays: boolean;
  isGone: boolean;
}

type Make = typeof createHeap<Item>;

/** No two are alike, so that there is one order. Long enough that a sorted heap puts some of them in order and keeps others young. */
const ITEMS = fc
  .uniqueArray(fc.record({ rank: fc.integer({ min: 0, max: 10_000 }), isGone: fc.boolean(), stays: fc.boolean() }), {
    selector: ({ rank }) => rank,
    maxLength: 300,
  })
  .map((items) => items.map((item) => ({ ...item })));

function filled<H extends Heap<Item>>(make: (isLess: (a: Item, b: Item) => boolean, isGone: (item: Item) => boolean) => H, items: readonly Item[]): H {
  const heap = make(
    (a, b) => a.rank < b.rank,
    ({ isGone }) => isGone,
  );
  for (const item of items) heap.push(item);
  return heap;
}

function emptied(heap: Heap<Item>): readonly number[] {
  const ranks: number[] = [];
  for (let item = heap.pop(); item !== undefined; item = heap.pop()) ranks.push(item.rank);
  return ranks;
}

const inOrder = (ranks: readonly number[]): readonly number[] => ranks.toSorted((a, b) => a - b);
const ranksOf = (items: readonly Item[]): readonly number[] => inOrder(items.map(({ rank }) => rank));
const here = (items: readonly Item[]): readonly Item[] => items.filter(({ isGone }) => !isGone);

const KINDS: readonly (readonly [string, Make])[] = [
  ['a heap', createHeap],
  ['a sorted heap', createSortedHeap],
];
for (const [kind, make] of KINDS) {
  describe(kind, () => {
    it('gives the least first, and nothing that is gone', () => {
      fc.assert(
        fc.property(ITEMS, (items) => {
          const heap = filled(make, items);
          assert.deepEqual(ranksOf(heap.items()), ranksOf(here(items)));
          assert.deepEqual(emptied(heap), ranksOf(here(items)));
          assert.equal(heap.size(), 0);
        }),
      );
    });

    it('gives the least of all that is there, however they come and go between', () => {
      fc.assert(
        fc.property(ITEMS, ITEMS, fc.integer({ min: 0, max: 300 }), fc.integer({ min: 1, max: 5 }), (items, more, popped, nth) => {
          const heap = filled(make, items);
          const there = [...here(items)];
          const takeLeast = (): void => {
            const least = there.toSorted((a, b) => a.rank - b.rank)[0];
            assert.equal(heap.peek()?.rank, least?.rank);
            assert.equal(heap.pop()?.rank, least?.rank);
            if (least !== undefined) there.splice(there.indexOf(least), 1);
          };
          for (let n = 0; n < popped; n += 1) takeLeast();
          for (const [n, item] of more.entries()) {
            const added = { ...item, rank: item.rank + 0.5 };
            heap.push(added);
            if (!added.isGone) there.push(added);
            if (n % nth === 0) takeLeast();
          }
          for (const [n, item] of there.entries()) item.isGone = n % 3 === 0;
          assert.deepEqual(emptied(heap), ranksOf(here(there)));
        }),
      );
    });
  });
}

describe('a sorted heap', () => {
  it('keeps the least and what must stay when it is cut, answers with the others, and is a heap after that', () => {
    fc.assert(
      fc.property(ITEMS, ITEMS, fc.integer({ min: 1, max: 350 }), fc.boolean(), (items, more, count, isSorted) => {
        const heap = filled(createSortedHeap<Item>, items);
        if (isSorted) heap.peek();
        const sorted = here(items).toSorted((a, b) => a.rank - b.rank);
        const { dropped, last } = heap.keepLeast(count, ({ stays }) => stays);
        const beyond = sorted.slice(count);
        assert.deepEqual(ranksOf(dropped), ranksOf(beyond.filter(({ stays }) => !stays)));
        assert.equal(last, beyond.length === 0 ? undefined : sorted[count - 1]);
        const kept = [...sorted.slice(0, count), ...beyond.filter(({ stays }) => stays)];
        assert.equal(heap.size(), kept.length);
        const added = more.map((item) => ({ ...item, rank: item.rank + 0.5 }));
        for (const item of added) heap.push(item);
        assert.deepEqual(emptied(heap), ranksOf([...kept, ...here(added)]));
      }),
    );
  });
});
