import { CadenceError } from '../core/error.ts';
import { pathsOf } from '../core/paths.ts';
import { createFiles } from '../platform/files.ts';
import type { UninstallPlan } from './installing.ts';
import { entriesOnDisk, removals } from './service-files.ts';
import { createManager, readInstalled, rootStem } from './timers.ts';

/** What this root has in the hands of a manager; undefined: nothing. Throws `no_owner` where that manager cannot be asked to let go. */
export async function planUninstall(root: string): Promise<UninstallPlan | undefined> {
  const files = createFiles();
  const installed = readInstalled(files, pathsOf(root));
  for (const kind of installed === undefined ? (['launchd', 'systemd'] as const) : [installed.scheduler]) {
    const manager = createManager(kind);
    const entries = entriesOnDisk(files, manager, installed?.stem ?? rootStem(root));
    if (entries.length === 0 && installed === undefined) continue;
    const absence = await manager.absence();
    if (absence !== undefined) throw new CadenceError('no_owner', absence.because, absence.hint);
    return { root, manager, entries, changes: removals(files, manager, entries) };
  }
  return undefined;
}
