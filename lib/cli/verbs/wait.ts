import { withHooks } from '../../app/answers/hook-results.ts';
import { hasOutput } from '../../app/following.ts';
import { leftBehind, waitForRun } from '../../app/waiting.ts';
import { CadenceError } from '../../core/error.ts';
import { isProven, type RunRecord } from '../../core/run.ts';
import type { CommandContext } from '../command.ts';
import { describeRecord } from './runs.ts';

export async function run({ words, flags, out, root, leaving }: CommandContext): Promise<number> {
  const [id] = words;
  if (id === undefined)
    throw new CadenceError('usage', 'wait needs the id of a run or a tick', 'It stands in the receipt of enqueue, and in cadence-bus runs.');
  const at = await root();
  const record = await leaving().orLeft(waitForRun(at, id, flags.duration('timeout')), () => leftBehind(at, id));
  const told = await withHooks(at, record);
  out.result({ ok: isWell(record), ...told }, () => describeRecord(told));
  out.next(`cadence-bus ${hasOutput(record) ? 'logs' : 'show'} ${record.run_id}`);
  return isWell(record) ? 0 : 1;
}

/** It ended as it was meant to: with proof, or with nothing to do. */
export function isWell(run: RunRecord): boolean {
  return isProven(run) || run.status === 'skipped' || run.status === 'coalesced';
}
