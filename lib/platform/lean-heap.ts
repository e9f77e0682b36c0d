import { setFlagsFromString } from 'node:v8';

/**
 * V8 gives a process that makes much garbage a nursery of 32 MiB, and lets its heap grow to four times what lives in it. For an
 * owner that is the wrong trade: on Linux each child that it starts is a fork, which costs 0.04 ms more for every MiB, and the
 * peak of one burst stays for days. So the nursery stays as large as the start has made it, which the caches of a processor hold, and
 * the heap grows to twice what lives in it. A later V8 may take no notice of the first. Only for a process that is ours: flags hold for all of it.
 */
export function keepHeapLean(): void {
  setFlagsFromString('--semi-space-growth-factor=1');
  setFlagsFromString('--heap-growing-percent=100');
}

/** V8 refuses under other flags what the build has compiled ahead (.build/compiling.mjs), so what an owner needs is loaded before. */
const LOADED_AFTER_MS = 250;

/** Called once the owner runs. */
export function keepHeapLeanSoon(): void {
  setTimeout(keepHeapLean, LOADED_AFTER_MS).unref();
}
