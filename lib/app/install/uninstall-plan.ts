import { CadenceError } from '../../core/error.ts';
import { pathsOf } from '../../core/paths.ts';
import { createFiles } from '../../platform/files.ts';
import type { UninstallPlan } from './installing.ts';
import { readInstalled, rootStem } from './record.ts';
import { entriesOnDisk, removals } from './service-files.ts';
import { createKeeper } from './timers.ts';

/** What this root has in the hands of a keeper; undefined: nothing. Throws `no_owner` where that keeper cannot be asked to let go. */
export async function planUninstall(root: string): Promise<UninstallPlan | undefined> {
  const files = createFiles();
  const installed = readInstalled(files, pathsOf(root));
  for (const kind of installed === undefined ? (['launchd', 'systemd'] as const) : [installed.scheduler]) {
    const keeper = createKeeper(kind);
    const entries = entriesOnDisk(files, keeper, installed?.stem ?? rootStem(root));
    if (entries.length === 0 && installed === undefined) continue;
    const absence = await keeper.absence();
    if (absence !== undefined) throw new CadenceError('no_owner', absence.because, absence.hint);
    return { root, keeper, entries, changes: removals(files, keeper, entries) };
  }
  return undefined;
}
