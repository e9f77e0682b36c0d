import { isUnasked } from '../../core/builtin.ts';
import type { BusEvent } from '../../core/event.ts';
import type { Journal } from '../../ports.ts';

/** What an owner has done since it started; kept in its memory and told over its socket. */
export interface OwnerStats {
  readonly inline: number;
  /** Runs with a process of their own: commands and sessions. */
  readonly escalated: number;
  readonly succeeded: number;
  readonly failed: number;
  readonly retries: number;
  readonly deferred: number;
  readonly dlq: number;
  readonly spawn_failures: number;
  readonly last_decision: { readonly at: string; readonly stage: string; readonly cadence: string | null; readonly run_id: string | null } | null;
}

type Counter = Exclude<keyof OwnerStats, 'last_decision'>;

export function createOwnerStats(journal: Pick<Journal, 'onEvent'>): () => OwnerStats {
  const counts: Record<Counter | 'claimed', number> = {
    ...{ claimed: 0, inline: 0, escalated: 0, succeeded: 0, failed: 0, retries: 0, deferred: 0, dlq: 0, spawn_failures: 0 },
  };
  let last: BusEvent | undefined;
  journal.onEvent((event) => {
    const counted = countersOf(event);
    for (const counter of counted) counts[counter] += 1;
    if (counted.length > 0) last = event;
  });
  return () => {
    const { claimed, ...told } = counts;
    return { ...told, inline: claimed - told.escalated, last_decision: last === undefined ? null : decisionOf(last) };
  };
}

function decisionOf({ ts, stage, cadence, run_id }: BusEvent): OwnerStats['last_decision'] {
  return { at: ts, stage, cadence: cadence ?? null, run_id: run_id ?? null };
}

/** Care for a failure is no work that somebody asked for. */
function countersOf({ stage, status, error, cadence }: BusEvent): readonly (Counter | 'claimed')[] {
  if (cadence !== undefined && isUnasked(cadence)) return [];
  if (stage === 'claimed') return ['claimed'];
  if (stage === 'subsession_spawn') return ['escalated'];
  if (stage === 'run_finished') return status === 'succeeded' ? ['succeeded'] : [];
  if (stage === 'subsession_failed') return String(error).startsWith('could not be started') ? ['failed', 'spawn_failures'] : ['failed'];
  if (stage === 'retry_scheduled') return ['retries'];
  if (stage === 'deferred') return ['deferred'];
  return stage === 'dead_lettered' ? ['dlq'] : [];
}
