import { CadenceError } from '../core/error.ts';
import { nearest } from '../core/text/nearest.ts';
import { createClock } from '../platform/clock.ts';

export { requireRoot } from '../platform/root.ts';
export { readStdinWithin } from '../platform/stdin-text.ts';

/** The time of the wall clock, for the surfaces. */
export const nowMs = createClock().nowMs;

export function unknownCadence(name: string, known: readonly string[]): CadenceError {
  const close = nearest(name, known);
  return new CadenceError('not_found', `there is no cadence ${name.slice(0, 80)}`, close === undefined ? 'See cadence-bus list.' : `Did you mean ${close}?`);
}
