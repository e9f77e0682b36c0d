/** Numbers: what is measured often is told by its median, and what is compared is measured in turn. */

export function median(values: readonly number[]): number {
  return quantile(values, 0.5);
}

export function quantile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN;
}

/**
 * Every act once a round, the order turned round each time, so that a machine that grows slower or faster hits all alike.
 * Answers with what each measured, by its name.
 */
export async function inTurn<A extends Readonly<Record<string, () => unknown>>>(rounds: number, acts: A): Promise<Seen<A>> {
  const names: readonly (keyof A)[] = Object.keys(acts);
  const seen = Object.fromEntries(names.map((name) => [name, []])) as unknown as Seen<A>;
  for (let round = 0; round < rounds; round += 1) {
    for (const name of round % 2 === 0 ? names : names.toReversed()) seen[name].push((await acts[name]?.()) as never);
  }
  return seen;
}

type Seen<A extends Readonly<Record<string, () => unknown>>> = { [K in keyof A]: Awaited<ReturnType<A[K]>>[] };

export function ms(value: number): string {
  return `${digits(value)} ms`;
}

export function us(value: number): string {
  return `${digits(value)} µs`;
}

export function mib(kib: number): string {
  return `${digits(kib / 1024)} MiB`;
}

export function digits(value: number): string {
  const size = Math.abs(value);
  return value.toFixed(size >= 100 || value === 0 ? 0 : size >= 10 ? 1 : 2);
}
