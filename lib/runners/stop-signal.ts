import type { StopCause } from '../core/outcome.ts';
import type { StopSignal } from '../ports.ts';

/** One-way: the first cause wins, and who listens later hears of it at once. */
export function createStopSignal(): StopSignal & { stop(cause: StopCause): void } {
  const listeners: ((cause: StopCause) => void)[] = [];
  let first: StopCause | undefined;
  return {
    get cause() {
      return first;
    },
    onStop(listener) {
      if (first === undefined) listeners.push(listener);
      else listener(first);
    },
    stop(cause) {
      if (first !== undefined) return;
      first = cause;
      for (const listener of listeners.splice(0)) listener(cause);
    },
  };
}
