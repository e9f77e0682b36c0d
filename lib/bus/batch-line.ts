import type { DeadName, Tick } from '../core/tick.ts';
import type { BatchRun } from './batch-run.ts';

/** A tick that is a line of a batch under way. */
export interface BatchLine {
  readonly run: BatchRun;
  readonly number: number;
  readonly tick: Tick;
  /** An earlier owner had begun it, or it was tried to bury it: it may lie in the dlq already. */
  mayBeDead?: boolean;
}

/** A line that is no tick. */
export interface StrayLine {
  readonly run: BatchRun;
  readonly number: number;
  readonly name: DeadName;
  readonly because: string;
}

export function textOfLine({ run, number }: Pick<BatchLine, 'run' | 'number'>): string {
  return run.lines[number] as string;
}
