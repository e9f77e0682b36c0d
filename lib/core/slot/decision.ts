import { formatDuration } from '../time/duration.ts';
import type { Ms } from '../time/instant.ts';
import type { Catchup } from '../time/schedule.ts';
import { formatSlot } from './slot.ts';

/** What becomes of the slots that have come due since the last look. Every one of them is in exactly one decision. */
export type SlotDecision =
  | { readonly kind: 'fire'; readonly slot: DueSlot; readonly isLate: boolean }
  /** `count` slots from `firstMs` to `lastMs`. */
  | {
      readonly kind: 'end';
      readonly end: 'missed' | 'superseded' | 'skipped';
      readonly firstMs: Ms;
      readonly lastMs: Ms;
      readonly count: number;
      readonly because: string;
    };

export interface DueSlot {
  readonly slotMs: Ms;
  readonly dueMs: Ms;
}

/** The slots that are due, oldest first; of very many only the newest are known one by one. */
export interface DueSlots {
  readonly firstMs: Ms;
  readonly count: number;
  /** The newest, at most one more than `MOST_CAUGHT_UP`. */
  readonly newest: readonly DueSlot[];
}

export interface DecisionInput {
  readonly due: DueSlots;
  readonly nowMs: Ms;
  readonly catchup: Catchup;
  readonly windowMs: Ms | undefined;
  /** A slot that starts this late is still in time: timers and event loops are no clocks. */
  readonly inTimeMs: Ms;
  /** The definition says that it is not to run at all. */
  readonly off: string | undefined;
  /** Why nobody saw to a slot at this time. */
  readonly absence: (dueMs: Ms) => string;
}

/** Of more slots than these the older ones are missed even where all are to be caught up: nothing runs away. */
export const MOST_CAUGHT_UP = 100;

export function decideSlots(input: DecisionInput): readonly SlotDecision[] {
  const { due, nowMs, catchup, windowMs, inTimeMs, off, absence } = input;
  const newest = due.newest.at(-1);
  if (newest === undefined) return [];
  if (off !== undefined) return [endOf('skipped', due.firstMs, newest.slotMs, due.count, off)];
  const limitMs = catchup === 'skip' ? Math.min(inTimeMs, windowMs ?? inTimeMs) : (windowMs ?? Number.POSITIVE_INFINITY);
  const isOpen = ({ dueMs }: DueSlot): boolean => nowMs - dueMs <= limitMs;
  const most = catchup === 'all' ? MOST_CAUGHT_UP : 1;
  const run = due.newest.slice(-most).filter(isOpen);
  const first = run[0];
  const decisions: SlotDecision[] = [];
  const lost = due.count - run.length;
  if (lost > 0) {
    // Those that run are the newest, so the others are one stretch before them.
    const lastLostMs = first === undefined ? newest.slotMs : (due.newest[due.newest.indexOf(first) - 1] as DueSlot).slotMs;
    const why =
      first === undefined || catchup === 'all'
        ? missedBecause(input, due.firstMs)
        : `the slot of ${formatSlot(first.slotMs)} took over: ${absence(due.firstMs)}`;
    decisions.push(endOf(first === undefined || catchup === 'all' ? 'missed' : 'superseded', due.firstMs, lastLostMs, lost, why));
  }
  return [...decisions, ...run.map((slot): SlotDecision => ({ kind: 'fire', slot, isLate: nowMs - slot.dueMs > inTimeMs }))];
}

function missedBecause({ catchup, windowMs, absence, due }: DecisionInput, dueMs: Ms): string {
  const why = absence(dueMs);
  if (catchup === 'skip') return `${why}; missed times are not made up for (catchup: skip)`;
  if (windowMs !== undefined) return `${why}, and its window of ${formatDuration(windowMs)} was over`;
  return due.count > MOST_CAUGHT_UP ? `${why}; of so many slots the newest ${MOST_CAUGHT_UP} are made up for` : why;
}

function endOf(end: 'missed' | 'superseded' | 'skipped', firstMs: Ms, lastMs: Ms, count: number, because: string): SlotDecision {
  return { kind: 'end', end, firstMs, lastMs, count, because };
}
