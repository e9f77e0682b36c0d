import { type Ms, parseIso } from '../time/instant.ts';
import { isTimerLate, type SlotLine } from './line.ts';

/** So many slots in a row a timer has not asked for, since the first of them; undefined: the last one it asked for. Lines come newest first. */
export function lateSlots(lines: Iterable<SlotLine>): { readonly slots: number; readonly sinceMs: Ms } | undefined {
  let slots = 0;
  let sinceMs: Ms = 0;
  for (const line of lines) {
    // Until then nobody had a timer in mind.
    if (line.kind === 'plan' && line.was?.scheduler !== line.plan?.scheduler) break;
    if (line.kind !== 'fired') continue;
    if (line.by === 'timer') break;
    if (!isTimerLate(line.because)) continue;
    slots += 1;
    sinceMs = parseIso(line.slot) ?? 0;
  }
  return slots === 0 ? undefined : { slots, sinceMs };
}
