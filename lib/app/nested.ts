import { CadenceError } from '../core/error.ts';
import { formatRunId, parseRunId } from '../core/tick.ts';
import { readMachine } from '../platform/machine.ts';
import { askOwnerWords } from './owner/owner-words.ts';
import { createReading } from './reading.ts';

/** The run that this process belongs to, of whatever root; undefined: nobody's. */
export function ownRun(): string | undefined {
  const id = readMachine().env.CADENCE_RUN_ID;
  return id === undefined || parseRunId(id) === undefined ? undefined : id;
}

/**
 * Two runs of one cadence never overlap: a run that waits for another of its own, or for one of a run that waits for it,
 * waits for its own end. Throws then, and not `held`: a script that ends with 75 is tried again for ever, uncharged. Only the owner knows who waits for whom; where none answers, only the first is known.
 */
export async function refuseOwnEnd(root: string, cadence: string, hint: string): Promise<void> {
  const me = ownRun();
  if (me === undefined) return;
  const mine = createReading(root)
    .names('claimed')
    .find(({ id, attempts }) => formatRunId(id, attempts) === me);
  if (mine === undefined) return;
  if (mine.cadence === cadence) throw ownEnd(cadence, me, 'this very command is part of it', hint);
  const { running, waits } = await askOwnerWords(root);
  const seen = new Set<string>();
  for (let run: string | undefined = me; run !== undefined && !seen.has(run); run = waits.find(({ tick }) => tick === parseRunId(run as string)?.id)?.by) {
    seen.add(run);
    if (running.some(({ runId, cadence: name }) => runId === run && name === cadence))
      throw ownEnd(cadence, run, `it waits for ${mine.cadence}, which asks for this`, hint);
  }
}

function ownEnd(cadence: string, run: string, why: string, hint: string): CadenceError {
  return new CadenceError('bad_data', `${cadence} is under way as ${run}, and ${why}: it would wait for its own end`, hint);
}
