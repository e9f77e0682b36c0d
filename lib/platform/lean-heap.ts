import { setFlagsFromString } from 'node:v8';

/**
 * V8 lets a heap grow to several times what lives in it before it looks for garbage. For an owner that is the wrong trade: on
 * Linux each child that it starts is a fork, which costs 0.04 ms more for every MiB, and the peak of one burst stays for days.
 * This process is to be our own: the flag holds for all of it.
 */
export function keepHeapLean(): void {
  setFlagsFromString('--heap-growing-percent=100');
}
