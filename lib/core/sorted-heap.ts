import { createHeap, type Heap } from './heap.ts';

/**
 * A heap for a long backlog that is emptied from its front. What has come lately stands in a heap, all before it in order: the least of
 * that is taken from the end of an array, where a heap of twenty thousand sifts through memory that no cache holds.
 */
export interface SortedHeap<T> extends Heap<T> {
  /** Keeps the `count` least and what `mustStay`. */
  keepLeast(count: number, mustStay: (item: T) => boolean): Cut<T>;
}

export interface Cut<T> {
  readonly dropped: readonly T[];
  /** The greatest of the `count`; undefined: there were no more than that. */
  readonly last: T | undefined;
}

/** So many, and an eighth of what is in order, may be young before they are put in order too: then each is moved a few times at most. */
const MANY_YOUNG = 64;
const SHARE_OF_SORTED = 8;

export function createSortedHeap<T>(isLess: (a: T, b: T) => boolean, isGone: (item: T) => boolean): SortedHeap<T> {
  let young = createHeap(isLess, isGone);
  /** The greatest first. */
  const sorted: T[] = [];

  function sortYoung(): void {
    for (const item of young.items()) sorted.push(item);
    young = createHeap(isLess, isGone);
    // What is in order already is one run for the sort, and is merged in one go.
    sorted.sort((a, b) => (isLess(a, b) ? 1 : -1));
  }

  function sweep(): void {
    let size = 0;
    for (const item of sorted) if (!isGone(item)) sorted[size++] = item;
    sorted.length = size;
  }

  /** The least of those in order. */
  function end(): T | undefined {
    let last = sorted[sorted.length - 1];
    while (last !== undefined && isGone(last)) {
      sorted.pop();
      last = sorted[sorted.length - 1];
    }
    return last;
  }

  function peek(): T | undefined {
    if (young.size() > MANY_YOUNG + sorted.length / SHARE_OF_SORTED) sortYoung();
    const [old, first] = [end(), young.peek()];
    return old === undefined || (first !== undefined && isLess(first, old)) ? first : old;
  }

  return {
    push: (item) => young.push(item),
    peek,
    pop: () => (peek() === end() ? sorted.pop() : young.pop()),
    items: () => [...young.items(), ...sorted.filter((item) => !isGone(item))],
    size: () => young.size() + sorted.length,
    keepLeast(count, mustStay) {
      sweep();
      sortYoung();
      const excess = sorted.length - count;
      if (excess <= 0) return { dropped: [], last: undefined };
      const last = sorted[excess];
      const beyond = sorted.splice(0, excess);
      sorted.unshift(...beyond.filter(mustStay));
      return { dropped: beyond.filter((item) => !mustStay(item)), last };
    },
  };
}
