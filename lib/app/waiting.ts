import { CadenceError } from '../core/error.ts';
import { isFinal, type RunRecord } from '../core/run.ts';
import { parseRunId } from '../core/tick.ts';
import { askOwner, probeOwner } from '../platform/control.ts';
import { createReading } from './reading.ts';

/** Waits for the end of a run, or of a tick whatever it takes. Throws `timeout`, or `no_owner` where nobody will run it. */
export async function waitForRun(root: string, id: string, timeoutMs: number | undefined): Promise<RunRecord> {
  const reading = createReading(root);
  const isOver = (run: RunRecord): boolean =>
    isFinal(run.status) || (parseRunId(id) !== undefined && run.run_id === id && (run.status === 'failed' || run.status === 'interrupted'));
  const now = reading.lookup(id);
  if (isOver(now)) return now;
  const state = await probeOwner(root);
  if (state.kind === 'none')
    throw new CadenceError('no_owner', `${id} is ${now.status}, and nobody runs the bus of ${root}`, 'Start the owner: cadence-bus start');
  const timeout = timeoutMs === undefined ? undefined : AbortSignal.timeout(timeoutMs);
  let end: RunRecord | undefined;
  await askOwner(
    root,
    { op: 'wait', id },
    (answer) => {
      if (answer.run !== undefined) end = answer.run as RunRecord;
    },
    timeout,
  );
  if (end !== undefined) return end;
  const last = reading.lookup(id);
  if (isOver(last)) return last;
  if (timeout?.aborted === true) throw new CadenceError('timeout', `${id} is still ${last.status}`, `It goes on. Look again: cadence-bus wait ${id}`);
  throw new CadenceError('no_owner', `the owner ended before ${id} did`, 'Start it again: cadence-bus start');
}
