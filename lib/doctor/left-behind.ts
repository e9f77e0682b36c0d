import type { RunRecord } from '../core/run.ts';
import { type Check, ok, warn } from './check.ts';
import { counted, formatBytes, listed } from './wording.ts';

type Left = NonNullable<RunRecord['survivors']>[number];

export interface LeftBehindDeps {
  readonly runs: () => readonly Pick<RunRecord, 'run_id' | 'cadence' | 'survivors'>[];
  /** Of these processes those that are still there, each with the bytes of memory that it holds. */
  readonly living: (left: readonly Left[]) => Promise<ReadonlyMap<number, number>>;
}

/** A run may start something that outlives it, and nobody ends that: it may be meant. It is told, for one a night comes to a full memory. */
export function createLeftBehindCheck({ runs, living }: LeftBehindDeps): Check {
  return {
    id: 'left-behind',
    title: 'Left behind',
    async inspect() {
      const left = runs().flatMap(({ run_id, cadence, survivors = [] }) => survivors.map((one) => ({ ...one, run_id, cadence })));
      const bytes = await living(left);
      const alive = left.filter(({ pid }) => bytes.has(pid));
      if (alive.length === 0) return ok('no process has outlived its run');
      const memory = formatBytes([...bytes.values()].reduce((sum, one) => sum + one, 0));
      const told = listed(alive.map(({ pid, command, cadence, run_id }) => `${pid} ${command} (${cadence}, ${run_id})`));
      return warn(
        `${counted(alive.length, 'process', 'processes')} of ended runs ${alive.length === 1 ? 'lives' : 'live'} on, with ${memory} of memory: ${told}`,
        `kill ${alive.map(({ pid }) => pid).join(' ')}`,
      );
    },
  };
}
