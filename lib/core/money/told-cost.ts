/**
 * The most that one run is believed to have cost, in dollars. What a program tells beyond it is a bug of its own, or another
 * unit, and counts as not told: one such figure would make every sum useless, and hold what a budget bounds for ever.
 */
const MOST_RUN_USD = 100_000;

/** What was told, if it can be a cost. Anything may stand in a stream or in a log. */
export function believedUsd(told: unknown): number | undefined {
  return typeof told === 'number' && told >= 0 && told <= MOST_RUN_USD ? told : undefined;
}
