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
  /** How many times as long as the machine of the targets this one takes for the same; never below 1. Milliseconds that are asked for are stretched by it. */
  readonly pace: number;
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
  /**
   * What our promises cost by bare calls, as `figure` is counted and measured in the same run. No target below it can be met
   * without breaking one of them, and none that lies less than a quarter above it by a program that also decides something;
   * there, at most twice the floor is asked for.
   */
  readonly floor?: number;
  /** How many times the floor it may be, where twice is too much: most of a command's time is the start of any process. */
  readonly aboveFloor?: number;
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

interface Ratio {
  readonly ours: string;
  readonly limit: string;
  readonly ratio: number;
  readonly atMost: number;
  readonly floor?: number;
  readonly aboveFloor?: number;
  readonly note?: string;
}

export function ratio(workload: string, { ours, limit, ratio: figure, atMost, ...more }: Ratio): Measure {
  return { workload, ours, limit, figure, isRatio: true, target: atMost, ...more };
}

export function value(workload: string, figures: { ours: string; limit: string; value: number; atMost: number; note?: string }): Measure {
  const { ours, limit, atMost, note } = figures;
  return { workload, ours, limit, figure: figures.value, isRatio: false, target: atMost, ...(note === undefined ? {} : { note }) };
}

const NEAR_FLOOR = 1.25;
const ABOVE_FLOOR = 2;

export const isAtFloor = ({ target, floor }: Pick<Measure, 'target' | 'floor'>): boolean => floor !== undefined && floor * NEAR_FLOOR > target;

/** `at floor`: the target lies below what the promises cost, or hardly above it, and not much more than that was taken. */
export function howMet({
  figure,
  target,
  floor,
  aboveFloor = ABOVE_FLOOR,
}: Pick<Measure, 'figure' | 'target' | 'floor' | 'aboveFloor'>): 'yes' | 'at floor' | 'no' {
  if (figure <= target) return 'yes';
  return floor !== undefined && isAtFloor({ target, floor }) && figure <= floor * aboveFloor ? 'at floor' : 'no';
}
