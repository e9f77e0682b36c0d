/** Chance that is the same every time for the same seed. */
export interface Chance {
  /** 0 ≤ x < 1. */
  next(): number;
  /** From `least` to `most`, both possible. */
  int(least: number, most: number): number;
  is(probability: number): boolean;
  pick<T>(from: readonly T[]): T;
}

/** sfc32, seeded through a hash of the words: seeds that are neighbours are strangers to each other. */
export function createChance(...words: readonly (string | number)[]): Chance {
  let hash = 2166136261;
  for (const character of words.join('\u0000')) hash = Math.imul(hash ^ character.charCodeAt(0), 16777619);
  const state = [0x9e3779b9, 0x243f6a88, 0xb7e15162, hash | 0] as [number, number, number, number];
  function next(): number {
    const [a, b, c, d] = state;
    const sum = (a + b + d) | 0;
    state[3] = (d + 1) | 0;
    state[0] = b ^ (b >>> 9);
    state[1] = (c + (c << 3)) | 0;
    state[2] = (((c << 21) | (c >>> 11)) + sum) | 0;
    return (sum >>> 0) / 4294967296;
  }
  for (let turn = 0; turn < 12; turn += 1) next();
  const int = (least: number, most: number): number => least + Math.floor(next() * (most - least + 1));
  return { next, int, is: (probability) => next() < probability, pick: (from) => from[int(0, from.length - 1)] as (typeof from)[number] };
}
