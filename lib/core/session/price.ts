/**
 * What tokens cost, by family of models, in US dollars per million. An estimate, good enough to stop a run that goes far
 * beyond its cap: the session's own figure, which comes with its result, replaces it. A model that no line knows is taken
 * for a dear one.
 */
interface Price {
  readonly input: number;
  readonly output: number;
}

/** The first that fits. */
const PRICES: readonly (readonly [RegExp, Price])[] = [
  [/3-opus|opus-4-(?:0|1|20\d{6})\b|opus-4$/i, { input: 15, output: 75 }],
  [/opus-4/i, { input: 5, output: 25 }],
  [/opus/i, { input: 4, output: 20 }],
  [/sonnet/i, { input: 3, output: 15 }],
  [/3-5-haiku/i, { input: 0.8, output: 4 }],
  [/3-haiku/i, { input: 0.25, output: 1.25 }],
  [/haiku/i, { input: 1, output: 5 }],
];
const UNKNOWN: Price = { input: 5, output: 25 };

const CACHE_READ = 0.1;
const CACHE_WRITE = 1.25;
/** Kept for an hour in place of five minutes. */
const LONG_CACHE_WRITE = 2;
const MILLION = 1_000_000;

export interface Spent {
  readonly input: number;
  readonly output: number;
  readonly cacheRead: number;
  readonly cacheWrite: number;
  /** The part of `cacheWrite` that is kept for an hour. */
  readonly longCacheWrite: number;
}

export function estimateUsd(model: string, { input, output, cacheRead, cacheWrite, longCacheWrite }: Spent): number {
  const price = PRICES.find(([pattern]) => pattern.test(model))?.[1] ?? UNKNOWN;
  const long = Math.min(longCacheWrite, cacheWrite);
  const asInput = input + cacheRead * CACHE_READ + (cacheWrite - long) * CACHE_WRITE + long * LONG_CACHE_WRITE;
  return (asInput * price.input + output * price.output) / MILLION;
}
