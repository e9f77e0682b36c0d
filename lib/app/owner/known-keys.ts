import { KEY_REMEMBERED_MS } from '../../core/retention.ts';
import { isFinal } from '../../core/run.ts';
import type { Clock, History } from '../../ports.ts';
import type { Conclusion } from '../../services/conclusion.ts';

/** Ids of the keyed ticks that have ended: the same key again is the same tick. */
export interface KnownKeys {
  has(tickId: string): boolean;
}

/** The log is searched when the first keyed tick comes: a week of it takes longer than all the rest of an owner's start. */
export function createKnownKeys({ clock, history, conclusion }: { clock: Clock; history: History; conclusion: Conclusion }): KnownKeys {
  const endedHere = new Set<string>();
  let endedBefore: ReadonlySet<string> | undefined;
  conclusion.onRecord((run) => {
    if ((run.key !== undefined || run.slot !== undefined) && isFinal(run.status)) endedHere.add(run.tick);
  });
  return {
    has(tickId) {
      endedBefore ??= new Set(history.keyed(clock.nowMs() - KEY_REMEMBERED_MS));
      return endedHere.has(tickId) || endedBefore.has(tickId);
    },
  };
}
