import type { Ms } from '../core/instant.ts';
import { type Paths, runIdOfFolder } from '../core/paths.ts';
import { formatRunId, parseRunId, type TickName } from '../core/tick.ts';
import type { Clock, Files } from '../ports.ts';
import { type Check, FIX, ok, warn } from './check.ts';
import { counted, listed, shellWord } from './wording.ts';

export interface RunFoldersDeps {
  readonly clock: Pick<Clock, 'nowMs'>;
  readonly files: Pick<Files, 'list' | 'info' | 'removeTree'>;
  readonly paths: Pick<Paths, 'running'>;
  readonly claimed: () => readonly TickName[];
  /** Whether the child of this folder may still be at work. In doubt it is. */
  readonly isAlive: (runId: string, runDir: string) => boolean;
  readonly isOwned: () => Promise<boolean>;
}

/** A living owner removes a folder a moment after its claim; this is no moment. */
const OLD_MS: Ms = 3_600_000;

interface Orphans {
  readonly dead: readonly string[];
  readonly alive: readonly string[];
}

export function createRunFoldersCheck({ clock, files, paths, claimed, isAlive, isOwned }: RunFoldersDeps): Check {
  /** The folders are listed before the claims: a claim is there before its folder is. */
  function orphans(isBesideOwner: boolean): Orphans {
    const folders = files.list(paths.running);
    const runs = new Set(claimed().map((name) => formatRunId(name.id, name.attempts)));
    const found = folders
      .map((folder) => ({ runId: runIdOfFolder(folder), runDir: `${paths.running}/${folder}` }))
      .filter(({ runId, runDir }) => {
        const info = parseRunId(runId) === undefined || runs.has(runId) ? undefined : files.info(runDir);
        return info?.kind === 'folder' && (!isBesideOwner || clock.nowMs() - info.mtimeMs >= OLD_MS);
      });
    const living = new Set(found.filter(({ runId, runDir }) => isAlive(runId, runDir)));
    return { dead: found.filter((run) => !living.has(run)).map(({ runDir }) => runDir), alive: [...living].map(({ runDir }) => runDir) };
  }

  return {
    id: 'run-folders',
    title: 'Run folders',
    isOwnersWork: true,
    async inspect() {
      const { dead, alive } = orphans(await isOwned());
      if (dead.length > 0) return warn(`${counted(dead.length, 'folder')} of runs that are long settled: ${listed(dead)}`, FIX);
      const [first] = alive;
      if (first === undefined) return ok('each belongs to a run under way');
      return warn(`a process lives whose tick is gone: ${listed(alive)}`, `ps -f -p "$(cat ${shellWord(`${first}/pid`)})"`);
    },
    async repair() {
      const { dead } = orphans(false);
      for (const runDir of dead) files.removeTree(runDir);
      return dead.length === 0 ? '' : `removed ${listed(dead)}`;
    },
  };
}
