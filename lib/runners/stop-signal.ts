import type { StopCause } from '../core/outcome.ts';
import type { StopSignal } from '../ports.ts';

/** One-way: the first cause wins, and who listens later hears of it at once. */
export function createStopSignal(): StopSignal & { stop(cause: StopCause): void } {
  let listeners: ((cause: StopCause) => void)[] | undefined;
  // A plain property: every run has a signal and few are ever stopped, and an accessor makes an object ten times as dear.
  const signal = {
    cause: undefined as StopCause | undefined,
    onStop(listener: (cause: StopCause) => void): void {
      if (signal.cause !== undefined) listener(signal.cause);
      else if (listeners === undefined) listeners = [listener];
      else listeners.push(listener);
    },
    stop(cause: StopCause): void {
      if (signal.cause !== undefined) return;
      signal.cause = cause;
      const heard = listeners ?? [];
      listeners = undefined;
      for (const listener of heard) listener(cause);
    },
  };
  return signal;
}
