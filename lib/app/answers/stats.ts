import { CadenceError } from '../../core/error.ts';
import { askOwner } from '../../platform/control.ts';
import type { OwnerStats } from '../owner/stats.ts';
import type { StatusView } from './status.ts';

/** What the owner has done since it started, and what waits now because it may not run. null: nobody is there to say. */
export interface StatsView extends OwnerStats {
  readonly started_at: string | null;
  readonly skipped_circuit_open: number;
  readonly skipped_backoff: number;
  readonly skipped_emergency_stop: number;
}

const ANSWERS_WITHIN_MS = 1_000;

export async function readStats(root: string, { owner, cadences, holds, counts }: StatusView): Promise<StatsView | null> {
  if (owner.state !== 'running') return null;
  const told = await askStats(root);
  if (told === undefined) return null;
  const waitingWhile = (...states: readonly string[]): number =>
    cadences.filter(({ hold }) => hold !== null && states.includes(hold.state)).reduce((sum, { waiting }) => sum + waiting, 0);
  const isHalted = holds.some(({ state }) => state === 'halted');
  return {
    started_at: owner.started_at,
    ...told,
    skipped_circuit_open: waitingWhile('open', 'isolated', 'blocked'),
    skipped_backoff: waitingWhile('backing_off'),
    skipped_emergency_stop: isHalted ? counts.inbox + counts.waiting : 0,
  };
}

/** An owner of an earlier version says nothing of it; one that has just ended does not answer. */
async function askStats(root: string): Promise<OwnerStats | undefined> {
  let stats: OwnerStats | undefined;
  const hear = (answer: Readonly<Record<string, unknown>>): void => {
    stats = answer.stats as OwnerStats | undefined;
  };
  try {
    await askOwner(root, { op: 'stats' }, hear, AbortSignal.timeout(ANSWERS_WITHIN_MS));
  } catch (error) {
    if (!(error instanceof CadenceError) || error.code !== 'no_owner') throw error;
  }
  return stats;
}
