import { type Paths, runIdOfFolder } from '../core/paths.ts';
import { parseRunId } from '../core/tick.ts';
import type { Clock, Files, Journal, Processes } from '../ports.ts';
import { isDiskFault, TRY_AGAIN_MS } from './storage-health.ts';

/**
 * Folders of runs that have no claim: their ticks are settled. One whose child still lives is left and told, for its pid lies
 * there, and it goes when that child has ended.
 */
export interface RunFoldersDeps {
  readonly clock: Pick<Clock, 'after'>;
  readonly files: Pick<Files, 'info' | 'removeTree'>;
  readonly paths: Pick<Paths, 'running'>;
  readonly journal: Pick<Journal, 'emit'>;
  readonly isAlive: (runId: string, runDir: string) => boolean;
  readonly adopt: Processes['adopt'];
  readonly onFault: (error: unknown) => void;
}

/** `folders`: what an earlier owner left. `known`: runs that go on. */
export function sweepRunFolders(deps: RunFoldersDeps, folders: readonly string[], known: ReadonlySet<string>): void {
  const { files, paths, journal } = deps;
  for (const folder of folders) {
    const runId = runIdOfFolder(folder);
    if (known.has(runId) || parseRunId(runId) === undefined) continue;
    const runDir = `${paths.running}/${folder}`;
    if (!deps.isAlive(runId, runDir)) {
      files.removeTree(runDir);
      continue;
    }
    journal.emit({ level: 'warn', stage: 'foreign_left', path: runDir, because: 'its process lives, but its tick is gone' });
    removeInTheEnd(deps, runId, runDir).catch(deps.onFault);
  }
}

/** A run that was not charged gives its id to the next one: what that one has begun there is its own. */
async function removeInTheEnd(deps: RunFoldersDeps, runId: string, runDir: string): Promise<void> {
  const { clock, files } = deps;
  const begun = (): string => {
    const info = files.info(`${runDir}/run.json`);
    return info === undefined ? '' : `${info.inode} ${info.mtimeMs}`;
  };
  const before = begun();
  for (;;) {
    try {
      await deps.adopt(runId, runDir).exited;
      if (begun() === before) files.removeTree(runDir);
      return;
    } catch (error) {
      if (!isDiskFault(error)) throw error;
      await new Promise<void>((resolve) => clock.after(TRY_AGAIN_MS, resolve));
    }
  }
}
