import type { BusEvent } from '../../core/event.ts';
import { type LateTimers, NO_LATE_TIMERS, onFired } from '../../core/slot/late-timers.ts';
import { createDoc } from '../../doc.ts';
import type { Closeable } from '../../ports.ts';
import { isDiskFault } from '../../services/storage-health.ts';
import { parseLateTimers } from '../../wire/late-timers.ts';
import type { Storage } from '../storage.ts';

/**
 * The owner's half of the watch: timers look after it through the watchman, and it looks after them. Once per spell it
 * says that a timer does not come, and once that it comes again; who is late stands in a file that costs a reader one look.
 */
export function watchTimers({ files, clock, paths, journal, definitions }: Pick<Storage, 'files' | 'clock' | 'paths' | 'journal' | 'definitions'>): Closeable {
  const onBroken = (path: string): void => journal.emit({ level: 'warn', stage: 'state_broken', path, because: 'it could not be read and was set aside' });
  const doc = createDoc({ files, clock, path: paths.lateTimers, parse: parseLateTimers, onBroken });
  let known: LateTimers = readKnown();

  function readKnown(): LateTimers {
    const read = doc.read() ?? NO_LATE_TIMERS;
    // Who fires by itself waits for no timer; and what is defined no more has none.
    const isMeant = (name: string): boolean => definitions.settings().scheduler !== 'builtin' && definitions.get(name) !== undefined;
    return { format: 1, late: Object.fromEntries(Object.entries(read.late).filter(([name]) => isMeant(name))) };
  }

  /** A disk that refuses ends nobody for this: the ledger of slots says the same. */
  function keep(next: LateTimers): void {
    known = next;
    try {
      if (Object.keys(next.late).length === 0) doc.remove();
      else doc.write(next);
    } catch (error) {
      if (!isDiskFault(error)) throw error;
    }
  }

  function see({ stage, cadence, slot, by, because }: BusEvent): void {
    if (stage !== 'slot_fired' || cadence === undefined) return;
    const { next, change } = onFired(known, { cadence, slot: String(slot), by: String(by), because: typeof because === 'string' ? because : undefined });
    if (next !== known) keep(next);
    if (change === 'late') journal.emit({ level: 'warn', stage: 'timer_late', cadence, slot, because });
    if (change === 'on_time') journal.emit({ level: 'info', stage: 'timer_on_time', cadence });
  }

  keep(known);
  return journal.onEvent(see);
}
