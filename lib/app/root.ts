import { CadenceError } from '../core/error.ts';
import { nearest } from '../core/text/nearest.ts';
import { CADENCE_NAME_RULE, isCadenceName } from '../core/tick.ts';
import { createClock } from '../platform/clock.ts';

export { requireRoot } from '../platform/root.ts';
export { readStdinWithin } from '../platform/stdin-text.ts';

/** The time of the wall clock, for the surfaces. */
export const nowMs = createClock().nowMs;

export function unknownCadence(name: string, known: readonly string[], place = ''): CadenceError {
  return new CadenceError('not_found', `there is no cadence ${name.slice(0, 80)}${place}`, hintFor(name, known));
}

/** A file of a name that no cadence may have defines nothing, and whoever asks for it by that name shall hear so. */
function hintFor(name: string, known: readonly string[]): string {
  if (!isCadenceName(name)) return `None can be called so: ${CADENCE_NAME_RULE} cadence-bus check tells which files define nothing.`;
  const close = nearest(name, known);
  return close === undefined ? 'See cadence-bus list.' : `Did you mean ${close}?`;
}
