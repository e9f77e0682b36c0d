import { formatRunId, type TickName } from '../../core/tick.ts';
import { createClock } from '../../platform/clock.ts';
import type { Reading } from '../reading.ts';

/** Each part of a run has a folder, and only the part under way has a child. */
const PARTS = ['', '.guard', '.verify'];

/** Runs that an owner left when it ended: whether a child of theirs is still at work, or the next owner has but to record an end. */
export async function isAnyAlive({ files, paths }: Reading, claimed: readonly TickName[]): Promise<boolean> {
  const { createProcesses } = await import('../../platform/processes.ts');
  const { isAlive } = createProcesses({ clock: createClock(), files });
  return claimed.map(({ id, attempts }) => formatRunId(id, attempts)).some((runId) => PARTS.some((part) => isAlive(runId, `${paths.running}/${runId}${part}`)));
}
