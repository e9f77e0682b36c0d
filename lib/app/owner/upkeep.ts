import { shrinkInbox } from '../../bus/inbox-shrinking.ts';
import { inSlices } from '../../bus/slices.ts';
import { CadenceError } from '../../core/error.ts';
import { isLeftover, leftoverFolders } from '../../core/leftover.ts';
import { formatDuration } from '../../core/time/duration.ts';
import { dayOf, type Ms } from '../../core/time/instant.ts';
import { createSteadyTime } from '../../core/time/steady-time.ts';
import { applyRetention } from '../../history/retention.ts';
import { identityOf } from '../../platform/process-identity.ts';
import { createUptime } from '../../platform/uptime.ts';
import type { Incidents, Uptime } from '../../ports.ts';
import type { VaultPlan } from '../../services/vault-plan.ts';
import type { Storage } from '../storage.ts';

/**
 * What the owner tidies at its start and once a day while it works: history and output beyond their keep, drafts of
 * producers that died, what an owner before it was killed over, and a drop zone that an earlier burst has left
 * bloated. Nothing that changes a tick; a fault of the disk is told and left for the next time.
 */
export interface Upkeep {
  /**
   * Does it if it has not been done today. What an owner comes to at its start is begun first, so for its first moment it is put
   * off while there is work: answers until when.
   */
  daily(hasWork?: () => boolean): Promise<Ms | undefined>;
}

/** Longer than a handler takes to be loaded and to begin. */
const FIRST_MOMENT_MS: Ms = 1_000;

/** Whoever writes a file is through long before that. */
const OLD_MS: Ms = 3_600_000;
/** A clock that is set forward by so much may be wrong, and what is removed for its age does not come back when it is set right. */
const FAR_MS: Ms = 3_600_000;
const DRAFT = /^[a-z0-9]{12}\.(\d{1,10})$/;

export interface UpkeepParts {
  readonly incidents: Pick<Incidents, 'forget'>;
  readonly vault: VaultPlan;
}

export function createUpkeep(storage: Storage, { incidents, vault }: UpkeepParts, { sinceBootMs }: Pick<Uptime, 'sinceBootMs'> = createUptime()): Upkeep {
  const { clock, files, paths, journal, definitions } = storage;
  const bornMs = clock.nowMs();
  let doneOn = '';
  const steadyMs = createSteadyTime(clock.nowMs, sinceBootMs);
  let setByMs: Ms = 0;

  /** A clock that was set back is no reason to wait. */
  const isFirstMoment = (): boolean => clock.nowMs() >= bornMs && clock.nowMs() < bornMs + FIRST_MOMENT_MS;

  /** How far the clock was set forward since it was last asked. */
  function setForwardBy(): Ms {
    const before = setByMs;
    setByMs = clock.nowMs() - steadyMs();
    return setByMs - before;
  }

  function sweepDrafts(): number {
    const dead = files.list(paths.tmp).filter((file) => {
      const pid = DRAFT.exec(file)?.[1];
      return pid !== undefined && identityOf(Number(pid)) === undefined;
    });
    return dead.filter((file) => files.remove(`${paths.tmp}/${file}`)).length;
  }

  /** Half-written files. Where only owners write, ours is none of them, for it writes and renames in one go. */
  async function sweepLeftovers(): Promise<number> {
    const breathe = inSlices(clock);
    const isDead = (path: string, isOwners: boolean): boolean => {
      const info = files.info(path);
      return info?.kind === 'file' && (isOwners || clock.nowMs() - info.mtimeMs > OLD_MS);
    };
    let swept = 0;
    for (const { dir, place, isOwners } of leftoverFolders(paths)) {
      // A backlog may be a million names long, and meanwhile the owner has more to do than to look at them.
      for (const part of files.listParts(dir)) {
        const dead = part.filter((file) => isLeftover(place, file) && isDead(`${dir}/${file}`, isOwners));
        swept += dead.filter((file) => files.remove(`${dir}/${file}`)).length;
        await breathe();
      }
    }
    return swept;
  }

  return {
    async daily(hasWork = () => false) {
      const today = dayOf(clock.nowMs());
      if (today === doneOn) return undefined;
      if (isFirstMoment() && hasWork()) return bornMs + FIRST_MOMENT_MS;
      doneOn = today;
      const aheadMs = setForwardBy();
      if (aheadMs >= FAR_MS) {
        const because = `the clock was set forward by ${formatDuration(aheadMs)}, so nothing is removed for its age before tomorrow`;
        journal.emit({ level: 'warn', stage: 'upkeep', because });
        return undefined;
      }
      try {
        shrinkInbox({ files, paths });
        const drafts = sweepDrafts() + (await sweepLeftovers());
        const settings = definitions.settings();
        const forgotten = incidents.forget(settings.retentionMs, (cadence) => definitions.get(cadence) !== undefined);
        const { removed, freedBytes } = await applyRetention({ files, clock, paths }, settings);
        const isAny = removed.length + drafts + forgotten > 0;
        if (isAny) journal.emit({ level: 'info', stage: 'upkeep', removed: removed.length, freed_bytes: freedBytes, drafts, incidents: forgotten });
        vault.ask();
      } catch (error) {
        if (!(error instanceof CadenceError)) throw error;
        journal.emit({ level: 'warn', stage: 'upkeep', because: error.message });
      }
      return undefined;
    },
  };
}
