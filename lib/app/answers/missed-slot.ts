import { CadenceError } from '../../core/error.ts';
import type { SlotView } from '../../core/slot/account.ts';
import { parseIso } from '../../core/time/instant.ts';
import { createProducer, type Receipt } from '../../platform/producer.ts';
import { nowMs } from '../root.ts';
import { explainWhy } from './why.ts';

/** The latest slot that has come, and whether there is anything to make up for. */
export interface MissedSlot {
  readonly slot: SlotView;
  /** undefined: it may be run now. */
  readonly refusal: { readonly because: string; readonly isPending: boolean } | undefined;
}

const LOOK_BACK_MS = 35 * 86_400_000;

export async function latestSlot(root: string, cadence: string): Promise<MissedSlot> {
  const { slots } = await explainWhy(root, cadence, { at: undefined, sinceMs: LOOK_BACK_MS });
  const slot = slots.findLast(({ at }) => (parseIso(at) ?? 0) <= nowMs());
  if (slot === undefined) throw new CadenceError('not_found', `no slot of ${cadence} has come yet`, `To run it all the same: cadence-bus run ${cadence}`);
  return { slot, refusal: refusalOf(slot) };
}

function refusalOf({ at, end, because, run_id }: SlotView): MissedSlot['refusal'] {
  switch (end) {
    case 'missed':
    case 'superseded':
      return undefined;
    case 'held':
      return run_id === null ? undefined : { because: `the tick of the slot of ${at} waits: ${because}`, isPending: true };
    case 'waiting':
    case 'due':
    case 'running':
      return { because: `the slot of ${at} is under way: ${because}`, isPending: true };
    case 'ran':
      return { because: `the slot of ${at} already ran: ${because}`, isPending: false };
    case 'forgotten':
      return { because: `the slot of ${at} may have run: ${because}`, isPending: false };
    case 'skipped':
      return { because: `the slot of ${at} was skipped: ${because}`, isPending: false };
  }
}

/** A tick for that very slot: should it be caught up meanwhile, it is the same tick. */
export function enqueueSlot(root: string, cadence: string, { at }: SlotView): Promise<Receipt> {
  return createProducer({ root }).enqueue(cadence, { source: 'run-now', slot: at, dueMs: nowMs() });
}
