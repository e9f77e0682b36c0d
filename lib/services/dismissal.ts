import { recordWithoutRun } from '../core/record.ts';
import type { Transition } from '../core/settle.ts';
import type { DeadReason, TickName } from '../core/tick.ts';
import type { Claim, Clock, Journal, Queue } from '../ports.ts';
import type { Conclusion } from './conclusion.ts';

/**
 * Ticks that end without a run: each leaves a record with its reason, like every other. The record comes before the move,
 * so that a restart can complete it; where the file is removed it is on disk before, or a power cut could keep neither.
 */
export interface Dismissal {
  /** Pending ticks are not run, for another one serves; they share one flush. */
  dismiss(names: readonly TickName[], status: 'coalesced' | 'skipped' | 'expired' | 'cancelled', because: string): Promise<void>;
  /** A pending tick goes to the dlq. */
  bury(name: TickName, reason: DeadReason, because: string): Promise<void>;
  /** A claimed tick turns out not to be run. */
  endClaim(claim: Claim, transition: Transition): Promise<void>;
}

export function createDismissal(deps: { clock: Clock; queue: Queue; journal: Journal; conclusion: Conclusion }): Dismissal {
  const { clock, queue, journal, conclusion } = deps;
  return {
    async dismiss(names, status, because) {
      const transition: Transition = { to: 'finished', status, because };
      await conclusion.noteOnDisk(names.map((name) => recordWithoutRun(name, undefined, transition, clock.nowMs())));
      for (const name of names) {
        await queue.discard(name, transition, []);
        if (status !== 'cancelled')
          journal.emit({ level: 'info', stage: status === 'expired' ? 'skipped' : status, cadence: name.cadence, tick: name.id, because });
      }
    },
    async bury(name, reason, because) {
      const transition: Transition = { to: 'dlq', status: reason === 'expired' ? 'expired' : 'dead', name: { ...name, reason }, because };
      conclusion.note(recordWithoutRun(name, undefined, transition, clock.nowMs()));
      if (!(await queue.discard(name, transition, []))) return;
      journal.emit({ level: 'error', stage: 'dead_lettered', cadence: name.cadence, tick: name.id, reason, because });
    },
    async endClaim(claim, transition) {
      const named = transition.to === 'finished' ? claim.name : transition.name;
      const run = recordWithoutRun(named, claim.tick, transition, clock.nowMs());
      await conclusion.end({ claim, transition, run, runDirs: [] });
    },
  };
}
