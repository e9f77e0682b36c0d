import { formatRunId, type TickName } from '../../core/tick.ts';
import { createClock } from '../../platform/clock.ts';
import { createStopNotes } from '../../services/stop-notes.ts';
import type { Reading } from '../reading.ts';

/** Each part of a run has a folder, and only the part under way has a child. */
const PARTS = ['', '.guard', '.verify'];

/** Runs that an owner left when it ended: whether a child of theirs is still at work, or the next owner has but to record an end. */
export async function isAnyAlive({ files, paths }: Reading, claimed: readonly TickName[]): Promise<boolean> {
  const { createProcesses } = await import('../../platform/processes.ts');
  const { isAlive } = createProcesses({ clock: createClock(), files });
  return claimed.map(({ id, attempts }) => formatRunId(id, attempts)).some((runId) => PARTS.some((part) => isAlive(runId, `${paths.running}/${runId}${part}`)));
}

/** What the order was that was stopping this run when its owner died; the next owner carries it to its end. */
export function orderedEnd(reading: Pick<Reading, 'files' | 'paths'>, { id, attempts }: Pick<TickName, 'id' | 'attempts'>): 'cancel' | 'halt' | undefined {
  const cause = createStopNotes(reading).noted(formatRunId(id, attempts));
  return cause === 'cancel' || cause === 'halt' ? cause : undefined;
}
