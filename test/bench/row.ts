import type { Ground } from './ground.ts';
import type { Product } from './product.ts';

/** What a row is run with. */
export interface Bench {
  readonly product: Product;
  readonly ground: Ground;
  /** Small numbers: shows that the harness works, proves nothing. */
  readonly isQuick: boolean;
  /** The workloads that take minutes. */
  readonly isFull: boolean;
  /** `usual`, or a tenth of it where it is to be quick, but no less than `least`. */
  count(usual: number, least?: number): number;
}

/** One line of the table. */
export interface Measure {
  readonly workload: string;
  readonly ours: string;
  /** What this machine can do at best, measured in the same run. */
  readonly limit: string;
  /** The number that the target is about; less is better. With `isRatio` it is ours / limit, and comparable between machines. */
  readonly figure: number;
  readonly isRatio: boolean;
  /** At most. */
  readonly target: number;
  /** What else was seen: CPU beside wall, memory, what a reader needs to doubt it. */
  readonly note?: string;
}

/** One workload of the table of targets. */
export interface Row {
  readonly id: number;
  readonly title: string;
  /** It measures others beside ours, who must be fetched first: run where it is asked for. */
  readonly needsPeers?: true;
  /** What this row needs of the machine and does not find; undefined: it can run. */
  readonly lacks?: () => string | undefined;
  run(bench: Bench): Promise<readonly Measure[]>;
}

export function ratio(workload: string, figures: { ours: string; limit: string; ratio: number; atMost: number; note?: string }): Measure {
  const { ours, limit, atMost, note } = figures;
  return { workload, ours, limit, figure: figures.ratio, isRatio: true, target: atMost, ...(note === undefined ? {} : { note }) };
}

export function value(workload: string, figures: { ours: string; limit: string; value: number; atMost: number; note?: string }): Measure {
  const { ours, limit, atMost, note } = figures;
  return { workload, ours, limit, figure: figures.value, isRatio: false, target: atMost, ...(note === undefined ? {} : { note }) };
}

export function isMet({ figure, target }: Measure): boolean {
  return figure <= target;
}
