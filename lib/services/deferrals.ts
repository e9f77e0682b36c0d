import type { Outcome } from '../core/outcome.ts';
import { formatRunId } from '../core/tick.ts';
import { parseIso } from '../core/time/instant.ts';
import type { Claim, History } from '../ports.ts';
import { isDiskFault } from './storage-health.ts';

/**
 * How often in a row the runs under way have asked to be tried later without saying when. The record of the last time
 * says it too, for the next owner; what a tick's name shows to be new has no such record, and none is looked for.
 */
export interface Deferrals {
  /** With this end; 0: it says when, or asks for nothing. Once per end. */
  count(claim: Claim, outcome: Outcome): number;
}

/** What has been forgotten is read again. */
const REMEMBERED = 10_000;
/** More than are recorded in the longest pause of most owners; behind more the count starts anew. */
const RECENT_RUNS = 5_000;

export function createDeferrals({ history }: { readonly history: Pick<History, 'newest'> }): Deferrals {
  const counts = new Map<string, number>();

  function recorded({ name, tick }: Claim, runId: string): number {
    const enqueuedMs = parseIso(tick.enqueued_at) ?? 0;
    if (name.dueMs <= enqueuedMs) return 0;
    try {
      return history.newest(new Set([runId]), RECENT_RUNS).get(runId)?.deferrals ?? 0;
    } catch (error) {
      // Where the log cannot be read the count starts anew.
      if (isDiskFault(error)) return 0;
      throw error;
    }
  }

  return {
    count(claim, outcome) {
      const runId = formatRunId(claim.name.id, claim.name.attempts);
      const before = counts.get(runId);
      counts.delete(runId);
      if (outcome.kind !== 'defer' || outcome.delayMs !== undefined) return 0;
      const count = (before ?? recorded(claim, runId)) + 1;
      counts.set(runId, count);
      for (const oldest of counts.keys()) {
        if (counts.size <= REMEMBERED) break;
        counts.delete(oldest);
      }
      return count;
    },
  };
}
