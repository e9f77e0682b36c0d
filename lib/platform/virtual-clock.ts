import type { Ms } from '../core/time/instant.ts';
import type { Clock } from '../ports.ts';

/** Time that moves when it is told to, from one timer to the next. Chance is the same every time. */
export interface VirtualClock extends Clock {
  /** When the next timer is due; undefined: nobody waits. */
  nextMs(): Ms | undefined;
  /** It is this instant now; what waited for it is called. */
  moveTo(ms: Ms): void;
}

export function createVirtualClock(startMs: Ms): VirtualClock {
  const timers = new Set<{ readonly atMs: Ms; readonly wake: () => void }>();
  let nowMs = startMs;
  return {
    nowMs: () => nowMs,
    random: () => 0.5,
    after(ms, wake) {
      const timer = { atMs: nowMs + ms, wake };
      timers.add(timer);
      return { close: () => void timers.delete(timer) };
    },
    breathe: () => new Promise((resolve) => setImmediate(resolve)),
    nextMs: () => [...timers].reduce<Ms | undefined>((least, { atMs }) => Math.min(least ?? atMs, atMs), undefined),
    moveTo(ms) {
      nowMs = ms;
      for (const timer of [...timers].sort((a, b) => a.atMs - b.atMs)) if (timer.atMs <= ms && timers.delete(timer)) timer.wake();
    },
  };
}
