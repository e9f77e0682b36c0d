import { isHint } from '../core/slot/slot.ts';
import type { Ms } from '../core/time/instant.ts';
import type { Claim, Journal } from '../ports.ts';
import type { Dismissal } from './dismissal.ts';

export interface HintDeps {
  readonly journal: Journal;
  /** A timer's tick stands for a slot of the schedule: what became of it; undefined: it is a tick like any other. */
  readonly hint: (cadence: string, arrivedMs: Ms) => Promise<string | undefined>;
}

/** A timer of the system only says that it is time: the slot has a tick of its own, and the timer's ends here. */
export function isTimersTick({ name, tick }: Claim): boolean {
  return isHint(tick.source) && tick.slot === undefined && tick.payload === undefined && tick.dead === undefined && name.attempts <= 1;
}

/** False: it is a tick like any other. */
export async function endHint({ name, tick }: Claim, { journal, hint }: HintDeps, dismissal: Dismissal): Promise<boolean> {
  const because = await hint(name.cadence, name.dueMs);
  if (because === undefined) return false;
  await dismissal.endClaim({ name, tick }, { to: 'finished', status: 'coalesced', because });
  journal.emit({ level: 'info', stage: 'coalesced', cadence: name.cadence, tick: name.id, because });
  return true;
}
