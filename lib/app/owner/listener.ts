import type { BusEvent } from '../../core/event.ts';
import { describeThrow } from '../../runners/answer.ts';

type See = (event: BusEvent) => void;

/**
 * Whoever listens to an owner does not end it, and goes on hearing whatever comes: what his function throws, or its promise
 * rejects with, is told once and no more, for it may well throw at every event.
 */
export function createHarmless(listener: (event: BusEvent) => unknown, tell: (because: string) => void): See {
  let isTold = false;
  const fail = (thrown: unknown): void => {
    if (isTold) return;
    isTold = true;
    tell(describeThrow(thrown));
  };
  return (event) => {
    try {
      const answer = listener(event);
      if (isThenable(answer)) answer.then(undefined, fail);
    } catch (error) {
      fail(error);
    }
  };
}

function isThenable(value: unknown): value is PromiseLike<unknown> {
  return typeof value === 'object' && value !== null && 'then' in value && typeof value.then === 'function';
}
