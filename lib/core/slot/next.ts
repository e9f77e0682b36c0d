import { nextInstant } from '../time/calendar.ts';
import type { Ms } from '../time/instant.ts';
import type { Schedule } from '../time/schedule.ts';
import type { Zone } from '../time/zone.ts';
import type { SlotCursor } from './line.ts';
import { formatSlot } from './slot.ts';

/** The first slot after this instant that is still to be fired: what was fired before the clock was set back does not come again. */
export function nextSlotAfter(schedule: Schedule, zone: Zone, afterMs: Ms, cursor: Pick<SlotCursor, 'ahead'> | undefined): Ms | undefined {
  let at = nextInstant(schedule, zone, afterMs);
  while (at !== undefined && cursor?.ahead.includes(formatSlot(at)) === true) at = nextInstant(schedule, zone, at);
  return at;
}
