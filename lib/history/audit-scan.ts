import type { Paths } from '../core/paths.ts';
import type { RunStatus } from '../core/run.ts';
import { readEvents } from './events.ts';
import { LOG_START } from './position.ts';
import { recordsForward } from './records.ts';
import { type LogFiles, listDays, segmentBytes } from './segments.ts';

export interface AuditDeps {
  readonly files: LogFiles;
  readonly paths: Pick<Paths, 'runs' | 'journal'>;
}

/**
 * Every tick that the logs know of: each record of a run, oldest first, then each claim in the journal. Nothing is kept
 * of what was seen, so its memory does not grow with the log.
 */
export function scanIds({ files, paths }: AuditDeps, see: (tickId: string, status: RunStatus | 'claimed') => void): void {
  for (const { run } of recordsForward(files, paths.runs, LOG_START)) see(run.tick, run.status);
  for (const event of readEvents({ files, paths }, { stage: 'claimed' })) {
    if (event.tick !== undefined) see(event.tick, 'claimed');
  }
}

export interface LogHealth {
  readonly segments: number;
  readonly bytes: number;
  readonly records: number;
  /** Lines that are no records: torn by a crash or a full disk, or garbled. */
  readonly garbage: number;
}

/** What a doctor wants to know of the log of runs. Reads all of it. */
export function inspectRuns({ files, paths }: { readonly files: LogFiles; readonly paths: Pick<Paths, 'runs'> }): LogHealth {
  const sizes = listDays(files, paths.runs)
    .map((day) => segmentBytes(files, paths.runs, day))
    .filter((bytes) => bytes !== undefined);
  let records = 0;
  let garbage = 0;
  for (const _found of recordsForward(files, paths.runs, LOG_START, () => {
    garbage += 1;
  }))
    records += 1;
  return { segments: sizes.length, bytes: sizes.reduce((sum, bytes) => sum + bytes, 0), records, garbage };
}
