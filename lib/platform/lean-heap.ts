import { getHeapSpaceStatistics, setFlagsFromString } from 'node:v8';

/**
 * V8 gives a process that makes much garbage a nursery of 32 MiB, and lets its heap grow to four times what lives in it. For an
 * owner that is the wrong trade: on Linux each child that it starts is a fork, which costs 0.04 ms more for every MiB, and the
 * peak of one burst stays for days. So the nursery stays as large as the start has made it, which the caches of a processor hold, and
 * the heap grows to twice what lives in it. Where an owner begins with a long backlog it grows to half more; that takes a few more
 * collections, which a short drain would feel. A later V8 may take no notice of the first. Only for a process that is ours: flags hold for all of it.
 */
export function keepHeapLean(): void {
  isToCome = false;
  keepNursery();
  growBy(percent);
}

function keepNursery(): void {
  setFlagsFromString('--semi-space-growth-factor=1');
}

let percent = 100;

function growBy(more: number): void {
  percent = more;
  setFlagsFromString(`--heap-growing-percent=${more}`);
}

/** V8 refuses under other flags what the build has compiled ahead (.build/compiling.mjs), so what an owner needs is loaded before. */
const LOADED_AFTER_MS = 250;

/** Called once the owner runs. */
export function keepHeapLeanSoon(): void {
  setTimeout(keepHeapLean, LOADED_AFTER_MS).unref();
}

let isToCome = false;

/** Called before the owner starts: the heap of this process is ours to keep lean. */
export function takeHeap(): void {
  isToCome = true;
}

/**
 * A large folder is being read: where an owner begins with a backlog, how far its heap may grow is settled before those 250 ms are over, and beside
 * that many ticks it does not matter what the rest of it costs to load. The nursery is still to grow to the size that it needs, and no further.
 */
export function growLittleNow(): void {
  if (!isToCome) return;
  isToCome = false;
  growBy(50);
  keepNurseryOnceGrown(performance.now() + LONGEST_LOOK_MS);
}

/** Of both its halves; the next step would be twice as much. */
const NURSERY_BYTES = 16 * 1024 * 1024;
const LOOK_MS = 5;
const LONGEST_LOOK_MS = 2_000;

function keepNurseryOnceGrown(untilMs: number): void {
  const nursery = getHeapSpaceStatistics().find((space) => space.space_name === 'new_space');
  if (nursery === undefined || nursery.space_size >= NURSERY_BYTES) keepNursery();
  else if (performance.now() < untilMs) setTimeout(keepNurseryOnceGrown, LOOK_MS, untilMs).unref();
}
