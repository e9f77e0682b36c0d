import type { StopCause } from '../core/outcome.ts';
import type { Paths } from '../core/paths.ts';
import type { Files } from '../ports.ts';
import { isDiskFault } from './storage-health.ts';

/**
 * Beside a child that an order is stopping lies a note of it. The order is over once the child was told, and a child takes its
 * time: an owner that dies meanwhile would leave nobody who knows of it, and the next one would let the child go on, or run
 * again what was cancelled because it ended by a signal.
 */
export interface StopNotes {
  note(runId: string, cause: StopCause): void;
  /** Why the run that lies there was being stopped. */
  noted(runId: string): StopCause | undefined;
}

const BY_ORDER: readonly StopCause[] = ['cancel', 'halt'];
const MAX_BYTES = 64;

export function createStopNotes({
  files,
  paths,
}: {
  readonly files: Pick<Files, 'info' | 'read' | 'write'>;
  readonly paths: Pick<Paths, 'running'>;
}): StopNotes {
  const folderOf = (runId: string): string => `${paths.running}/${runId}`;
  return {
    note(runId, cause) {
      if (!BY_ORDER.includes(cause)) return;
      // It is stopped all the same.
      unlessDiskFails(() => {
        // A handler has no folder, and ends with its owner.
        if (files.info(folderOf(runId)) !== undefined) files.write(`${folderOf(runId)}/stop`, `${cause}\n`);
      });
    },
    noted: (runId) =>
      unlessDiskFails(() => {
        const [note, begun] = [files.info(`${folderOf(runId)}/stop`), files.info(`${folderOf(runId)}/run.json`)];
        // An uncharged run gives its id to the next one, which writes its own file into a folder that was left.
        if (note === undefined || (begun !== undefined && begun.mtimeMs > note.mtimeMs)) return undefined;
        const found = files.read(`${folderOf(runId)}/stop`, MAX_BYTES);
        return found?.kind === 'text' ? BY_ORDER.find((cause) => cause === found.text.trim()) : undefined;
      }),
  };
}

/** A note is a help and no duty: a disk that refuses it ends no owner. */
function unlessDiskFails<T>(act: () => T): T | undefined {
  try {
    return act();
  } catch (error) {
    if (isDiskFault(error)) return undefined;
    throw error;
  }
}
