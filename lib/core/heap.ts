/** A binary heap: the least item first. What is no longer wanted is skipped when it comes up (`isGone`). */
export interface Heap<T> {
  push(item: T): void;
  peek(): T | undefined;
  pop(): T | undefined;
  /** Everything in it, in no order, without what is gone. */
  items(): readonly T[];
  size(): number;
}

export function createHeap<T>(isLess: (a: T, b: T) => boolean, isGone: (item: T) => boolean): Heap<T> {
  const heap: T[] = [];
  const at = (index: number): T => heap[index] as T;

  function siftUp(start: number): void {
    let index = start;
    const item = at(index);
    while (index > 0) {
      const parent = (index - 1) >> 1;
      if (!isLess(item, at(parent))) break;
      heap[index] = at(parent);
      index = parent;
    }
    heap[index] = item;
  }

  function siftDown(start: number): void {
    let index = start;
    const item = at(start);
    for (;;) {
      let child = 2 * index + 1;
      if (child >= heap.length) break;
      if (child + 1 < heap.length && isLess(at(child + 1), at(child))) child += 1;
      if (!isLess(at(child), item)) break;
      heap[index] = at(child);
      index = child;
    }
    heap[index] = item;
  }

  function removeFirst(): T {
    const first = at(0);
    const last = heap.pop() as T;
    if (heap.length > 0) {
      heap[0] = last;
      siftDown(0);
    }
    return first;
  }

  function peek(): T | undefined {
    while (heap.length > 0 && isGone(at(0))) removeFirst();
    return heap[0];
  }

  return {
    push(item) {
      heap.push(item);
      siftUp(heap.length - 1);
    },
    peek,
    pop: () => (peek() === undefined ? undefined : removeFirst()),
    items: () => heap.filter((item) => !isGone(item)),
    size: () => heap.length,
  };
}
