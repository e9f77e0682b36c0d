import { CadenceError } from '../core/error.ts';
import { isFinal, type RunRecord } from '../core/run.ts';
import { shellWord } from '../core/text/shell-word.ts';
import { parseRunId } from '../core/tick.ts';
import { askOwner, probeOwner } from '../platform/control.ts';
import { lookupHeld } from './answers/held-record.ts';
import { ownRun } from './nested.ts';
import { createReading } from './reading.ts';

/**
 * Waits for the end of a run, or of a tick whatever it takes. Throws `timeout`, or `no_owner` where nobody will run it.
 * Whoever aborts `signal` is not interested any more, and gets what is known by then.
 */
export async function waitForRun(root: string, id: string, timeoutMs: number | undefined, signal?: AbortSignal): Promise<RunRecord> {
  const reading = createReading(root);
  const isOver = (run: RunRecord): boolean =>
    isFinal(run.status) || (parseRunId(id) !== undefined && run.run_id === id && (run.status === 'failed' || run.status === 'interrupted'));
  const now = reading.lookup(id);
  if (isOver(now)) return now;
  const state = await probeOwner(root, undefined, signal);
  if (state.kind === 'none') throw new CadenceError('no_owner', `${id} is ${now.status}, and nobody runs the bus of ${root}`, startIn(root));
  const by = ownRun();
  const timeout = timeoutMs === undefined ? undefined : AbortSignal.timeout(timeoutMs);
  const leave = AbortSignal.any([timeout, signal].filter((one) => one !== undefined));
  let end: RunRecord | undefined;
  await askOwner(
    root,
    { op: 'wait', id, ...(by === undefined ? {} : { by }) },
    (answer) => {
      if (answer.run !== undefined) end = answer.run as RunRecord;
    },
    leave,
  );
  if (end !== undefined) return end;
  const last = reading.lookup(id);
  if (isOver(last) || signal?.aborted === true) return last;
  if (timeout?.aborted === true) {
    const { status, reason } = await lookupHeld(root, id);
    const next =
      state.kind === 'silent'
        ? `Its owner does not answer (stopped or asleep): cadence-bus status ${at(root)}`
        : `It goes on. Look again: cadence-bus wait ${id} ${at(root)}`;
    throw new CadenceError('timeout', `${id} is still ${status}${reason === '' ? '' : `: ${reason}`}`, next);
  }
  throw new CadenceError('no_owner', `the owner ended before ${id} did`, startIn(root));
}

/** What is said to whoever waits no longer. */
export function leftBehind(root: string, id: string, again = 'wait'): CadenceError {
  const it = `${id} ${at(root)}`;
  const { status } = createReading(root).lookup(id);
  return new CadenceError('timeout', `${id} is still ${status}`, `It goes on: cadence-bus ${again} ${it}, or cadence-bus cancel ${it}`);
}

const startIn = (root: string): string => `Start the owner: cadence-bus start ${at(root)}`;

/** As in a receipt: who waits may stand in another folder when it tries the next command. */
const at = (root: string): string => `--root ${shellWord(root)}`;
