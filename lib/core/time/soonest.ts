import type { Ms } from './instant.ts';

/** The first that comes; undefined: none of them does. */
export function soonest(all: readonly (Ms | undefined)[]): Ms | undefined {
  return all.reduce<Ms | undefined>((least, one) => (one === undefined || (least ?? one) < one ? least : one), undefined);
}
