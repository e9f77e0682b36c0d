import { MAX_BATCH_BYTES } from '../../core/batch.ts';
import { isBuiltin } from '../../core/builtin.ts';
import { formatRunId, parseTickName, type TickName } from '../../core/tick.ts';
import { type Ms, parseIso } from '../../core/time/instant.ts';
import type { Files } from '../../ports.ts';
import type { Reading } from '../reading.ts';

/** The ticks that the bus has now, and a simulation begins with. */
export interface TakenTicks {
  readonly waiting: number;
  readonly running: number;
  /** By run id: since when it has been under way, as far as anybody has noted it. */
  readonly startedMs: ReadonlyMap<string, Ms>;
}

export const NO_TICKS: TakenTicks = { waiting: 0, running: 0, startedMs: new Map() };

const OF_TICKS = /\.(?:json|ndjson|ndjson\.done)$/;

/**
 * The files as they lie: what is due is told by their names, and batches under way go on where they are. What the bus has to do
 * for itself (hooks, notices, care, orders) is left out, for it is real.
 */
export function takeTicks(reading: Reading, files: Files): TakenTicks {
  const { paths, files: disk } = reading;
  const isOthers = ({ cadence }: TickName): boolean => !isBuiltin(cadence);

  function copy(path: string): boolean {
    const found = disk.read(path, MAX_BATCH_BYTES);
    if (found?.kind !== 'text') return false;
    files.write(path, found.text);
    return true;
  }

  for (const dir of [paths.inbox, paths.waiting, paths.claimed]) {
    for (const file of disk.list(dir)) {
      const name = parseTickName(file);
      if (name === undefined ? OF_TICKS.test(file) : isOthers(name)) copy(`${dir}/${file}`);
    }
  }
  const running = reading.names('claimed').filter(isOthers);
  const startedMs = new Map<string, Ms>();
  for (const { id, attempts } of running) {
    const runId = formatRunId(id, attempts);
    const note = `${paths.running}/${runId}/run.json`;
    // What has no folder was interrupted, to an owner that takes over; here it goes on.
    if (!copy(note)) files.write(note, '{}\n');
    const since = parseIso(reading.outputs(runId).started_at);
    if (since !== undefined) startedMs.set(runId, since);
  }
  const strays = reading.foreign().length;
  return { waiting: [...reading.names('inbox'), ...reading.names('waiting')].filter(isOthers).length + strays, running: running.length, startedMs };
}
