import type { RetryPolicy } from './cadence.ts';
import type { Ms } from './time/instant.ts';

/**
 * The wait before the next try. `made` counts the tries made (1 after the first); `random` is 0 to 1 and moves the
 * answer by at most `jitter` either way.
 */
export function retryDelayMs(policy: RetryPolicy, made: number, random: number): Ms {
  const base = delayAfter(policy, made) ?? 0;
  return Math.max(0, Math.round(base * (1 + policy.jitter * (2 * random - 1))));
}

/** The one that belongs to so many tries, the last one for all that come after it; undefined: there are none. */
export function delayAfter({ delaysMs: delays }: RetryPolicy, made: number): Ms | undefined {
  return delays[Math.min(Math.max(made, 1), delays.length) - 1];
}
