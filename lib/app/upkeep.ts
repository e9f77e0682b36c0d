import { CadenceError } from '../core/error.ts';
import { dayOf } from '../core/instant.ts';
import { applyRetention } from '../history/retention.ts';
import { identityOf } from '../platform/process-identity.ts';
import type { Incidents } from '../ports.ts';
import type { Storage } from './storage.ts';

/**
 * What the owner tidies at its start and once a day while it works: history and output beyond their keep, drafts of
 * producers that died, and a drop zone that a burst has left bloated (a folder of ext4 never shrinks, and every look at
 * it costs its size). Nothing that changes a tick; a fault of the disk is told and left for the next time.
 */
export interface Upkeep {
  /** Does it if it has not been done today. */
  daily(): Promise<void>;
}

const BLOATED_BYTES = 4 * 1024 * 1024;
const DRAFT = /^[a-z0-9]{12}\.(\d{1,10})$/;

export function createUpkeep(storage: Storage, incidents: Pick<Incidents, 'forget'>): Upkeep {
  const { clock, files, paths, journal, definitions } = storage;
  let doneOn = '';

  function sweepDrafts(): number {
    const dead = files.list(paths.tmp).filter((file) => {
      const pid = DRAFT.exec(file)?.[1];
      return pid !== undefined && identityOf(Number(pid)) === undefined;
    });
    return dead.filter((file) => files.remove(`${paths.tmp}/${file}`)).length;
  }

  /** An empty folder in its place, at once: a rename replaces an empty folder and refuses one that has a file in it. */
  function shrinkInbox(): void {
    const info = files.info(paths.inbox);
    if (info?.kind !== 'folder' || info.sizeBytes < BLOATED_BYTES || files.list(paths.inbox).length > 0) return;
    const fresh = `${paths.tmp}/inbox`;
    files.makeDir(fresh);
    files.rename(fresh, paths.inbox);
  }

  return {
    async daily() {
      const today = dayOf(clock.nowMs());
      if (today === doneOn) return;
      doneOn = today;
      try {
        shrinkInbox();
        const drafts = sweepDrafts();
        const settings = definitions.settings();
        const forgotten = incidents.forget(settings.retentionMs);
        const { removed, freedBytes } = await applyRetention({ files, clock, paths }, settings);
        const isAny = removed.length + drafts + forgotten > 0;
        if (isAny) journal.emit({ level: 'info', stage: 'upkeep', removed: removed.length, freed_bytes: freedBytes, drafts, incidents: forgotten });
      } catch (error) {
        if (!(error instanceof CadenceError)) throw error;
        journal.emit({ level: 'warn', stage: 'upkeep', because: error.message });
      }
    },
  };
}
