import type { Clock } from '../ports.ts';
import { awakeMs } from './awake.ts';

/** `setTimeout` takes no more (24.8 days) and would fire at once. */
const LONGEST_TIMEOUT_MS = 2 ** 31 - 1;

export function createClock(): Clock {
  return {
    nowMs: () => Date.now(),
    random: () => Math.random(),
    after(ms, wake) {
      const dueMs = awakeMs() + ms;
      let timer: NodeJS.Timeout | undefined;
      // Node may call a moment too early, and long waits are made of several; so each call looks how much is left.
      const waitOn = (leftMs: number): void => {
        timer = setTimeout(look, Math.min(LONGEST_TIMEOUT_MS, Math.max(0, Math.ceil(leftMs))));
      };
      const look = (): void => {
        const leftMs = dueMs - awakeMs();
        if (leftMs > 0) waitOn(leftMs);
        else wake();
      };
      waitOn(ms);
      return { close: () => clearTimeout(timer) };
    },
    breathe: () => new Promise((resolve) => setImmediate(resolve)),
  };
}
