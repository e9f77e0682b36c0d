import { isTimerLate } from './line.ts';

/**
 * Which timers of the system have let slots pass, as the owner sees it (`late-timers.json`): it waited for them, and fired
 * the slots itself. Names on disk, so snake_case. The file is there only as long as there are any.
 */
export interface LateTimers {
  readonly format: 1;
  readonly late: Readonly<Record<string, { readonly since: string; readonly slots: number }>>;
}

export const NO_LATE_TIMERS: LateTimers = { format: 1, late: {} };

export interface FiredSlot {
  readonly cadence: string;
  readonly slot: string;
  readonly by: string;
  readonly because: string | undefined;
}

/** `change`: what there is to tell; undefined: nothing new. The same object comes back where nothing has changed. */
export function onFired(before: LateTimers, fired: FiredSlot): { readonly next: LateTimers; readonly change: 'late' | 'on_time' | undefined } {
  const { cadence, slot, by, because } = fired;
  const known = before.late[cadence];
  // By the schedule itself: nobody waits for a timer any more.
  if (by === 'timer' || by === 'schedule') {
    if (known === undefined) return { next: before, change: undefined };
    const { [cadence]: _over, ...late } = before.late;
    return { next: { format: 1, late }, change: 'on_time' };
  }
  if (!isTimerLate(because)) return { next: before, change: undefined };
  const counted = { since: known?.since ?? slot, slots: (known?.slots ?? 0) + 1 };
  return { next: { format: 1, late: { ...before.late, [cadence]: counted } }, change: known === undefined ? 'late' : undefined };
}
