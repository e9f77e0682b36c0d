import type { Closeable } from '../ports.ts';

/**
 * Tells of what nobody has caught, in the instant before Node ends this process over it, as it would without us. Where the
 * program hears such things itself, and may go on, nothing is told.
 */
export function onUncaught(tell: (thrown: unknown) => void): Closeable {
  const hear = (thrown: unknown): void => {
    if (process.listenerCount('uncaughtException') === 0) tell(thrown);
  };
  process.on('uncaughtExceptionMonitor', hear);
  return { close: () => void process.off('uncaughtExceptionMonitor', hear) };
}
