import { type Paths, runIdOfFolder } from '../core/paths.ts';
import { formatRunId, parseRunId, type TickName } from '../core/tick.ts';
import type { Ms } from '../core/time/instant.ts';
import type { Clock, Files } from '../ports.ts';
import { type Check, FIX, ok, warn } from './check.ts';
import { counted, listed, shellWord } from './wording.ts';

export interface RunFoldersDeps {
  readonly clock: Pick<Clock, 'nowMs'>;
  readonly files: Pick<Files, 'list' | 'info' | 'removeTree'>;
  readonly paths: Pick<Paths, 'running'>;
  readonly claimed: () => readonly TickName[];
  /** Whether the child of this folder may still be at work. In doubt it is. */
  readonly isAlive: (runId: string, runDir: string) => boolean | Promise<boolean>;
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
  async function orphans(isBesideOwner: boolean): Promise<Orphans> {
    const folders = files.list(paths.running);
    const runs = new Set(claimed().map((name) => formatRunId(name.id, name.attempts)));
    const found = folders
      .map((folder) => ({ runId: runIdOfFolder(folder), runDir: `${paths.running}/${folder}` }))
      .filter(({ runId, runDir }) => {
        const info = parseRunId(runId) === undefined || runs.has(runId) ? undefined : files.info(runDir);
        return info?.kind === 'folder' && (!isBesideOwner || clock.nowMs() - info.mtimeMs >= OLD_MS);
      });
    const sorted: { readonly dead: string[]; readonly alive: string[] } = { dead: [], alive: [] };
    for (const { runId, runDir } of found) sorted[(await isAlive(runId, runDir)) ? 'alive' : 'dead'].push(runDir);
    return sorted;
  }

  return {
    id: 'run-folders',
    title: 'Run folders',
    isOwnersWork: true,
    async inspect() {
      const { dead, alive } = await orphans(await isOwned());
      if (dead.length > 0) return warn(`${counted(dead.length, 'folder')} of runs that are long settled: ${listed(dead)}`, FIX);
      const [first] = alive;
      if (first === undefined) return ok('each belongs to a run under way');
      return warn(`a process lives whose tick is gone: ${listed(alive)}`, `ps -f -p "$(cat ${shellWord(`${first}/pid`)})"`);
    },
    async repair() {
      const { dead } = await orphans(false);
      for (const runDir of dead) files.removeTree(runDir);
      return dead.length === 0 ? '' : `removed ${listed(dead)}`;
    },
  };
}
