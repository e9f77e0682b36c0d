import type { DueSlot } from '../core/slot/decision.ts';
import type { SlotLine } from '../core/slot/line.ts';
import { formatSlot } from '../core/slot/slot.ts';
import type { TickName } from '../core/tick.ts';
import { type Ms, toIso } from '../core/time/instant.ts';
import type { SlotEntry } from './slot-entry.ts';

/** What the scheduler asks of the queue about the ticks that it has put. */
export interface SlotTicks {
  /** It waits, and has not been tried yet. `held`: by a rule, and which. */
  waiting(id: string): { readonly name: TickName; readonly held: string | undefined } | undefined;
  /** It waits, runs, or has ended. */
  isKnown(cadence: string, id: string): boolean;
  /** They end without a run. */
  dismiss(names: readonly TickName[], status: 'coalesced' | 'expired', because: string): Promise<void>;
}

/** The one that waits has waited in vain; a younger slot of the same duty takes its place. */
export async function supersede({ name, open }: SlotEntry, by: DueSlot, slotTicks: SlotTicks, nowMs: Ms): Promise<SlotLine | undefined> {
  const waiting = open === undefined ? undefined : slotTicks.waiting(open.id);
  if (open === undefined || waiting === undefined) return undefined;
  const took = `the slot of ${formatSlot(by.slotMs)} took over`;
  const because = waiting.held === undefined ? `${took} while it waited for its turn` : `${waiting.held}, until ${took}`;
  await slotTicks.dismiss([waiting.name], 'coalesced', because);
  const end = waiting.held === undefined ? 'superseded' : 'held';
  return { ts: toIso(nowMs), kind: 'end', cadence: name, end, slot: formatSlot(open.slotMs), because };
}

/** Its window is over and it has not begun. */
export async function expire(entry: SlotEntry, slotTicks: SlotTicks, nowMs: Ms): Promise<SlotLine | undefined> {
  const { open, name } = entry;
  if (open?.untilMs === undefined || open.untilMs > nowMs) return undefined;
  const waiting = slotTicks.waiting(open.id);
  const because = `${waiting?.held ?? 'it waited for its turn'}, until its window was over`;
  if (waiting !== undefined) await slotTicks.dismiss([waiting.name], 'expired', because);
  entry.open = { ...open, untilMs: undefined };
  if (waiting === undefined) return undefined;
  return { ts: toIso(nowMs), kind: 'end', cadence: name, end: waiting.held === undefined ? 'missed' : 'held', slot: formatSlot(open.slotMs), because };
}
