import { VAULT_CADENCE } from '../core/builtin.ts';
import { CadenceError } from '../core/error.ts';
import type { Paths } from '../core/paths.ts';
import { type Ms, toIso } from '../core/time/instant.ts';
import type { Clock, Files, Ids, Journal, Queue } from '../ports.ts';

/** When the notes of the vault are made anew: for who has them, and no more often than that pays. */
export interface VaultPlan {
  /** Something that they tell of has changed, or a day has passed. */
  ask(): void;
}

export interface VaultPlanDeps {
  readonly clock: Pick<Clock, 'nowMs'>;
  readonly ids: Pick<Ids, 'keyed'>;
  readonly queue: Pick<Queue, 'put' | 'find'>;
  readonly files: Pick<Files, 'info'>;
  readonly paths: Pick<Paths, 'vault'>;
  readonly journal: Pick<Journal, 'emit'>;
  readonly serves: (cadence: string) => boolean;
  readonly hasEnded: (tickId: string) => boolean;
  readonly wake: () => void;
}

/** Once in so long. What changes after it was asked for waits for the next. */
const SPAN_MS: Ms = 600_000;

export function createVaultPlan({ clock, ids, queue, files, paths, journal, serves, hasEnded, wake }: VaultPlanDeps): VaultPlan {
  /** One tick a span of time, the same whoever asks: after a death, it is asked for once, too. */
  function put(): void {
    const nowMs = clock.nowMs();
    const first = Math.floor(nowMs / SPAN_MS) * SPAN_MS;
    for (const spanMs of [first, first + SPAN_MS]) {
      const key = `vault:${toIso(spanMs)}`;
      const id = ids.keyed('key', VAULT_CADENCE, key);
      if (hasEnded(id)) continue;
      const name = { dueMs: Math.max(nowMs, spanMs), cadence: VAULT_CADENCE, id, attempts: 0 };
      const isPut = queue.put(name, { cadence: VAULT_CADENCE, source: 'care', enqueued_at: toIso(nowMs), key });
      if (isPut) wake();
      // One that is at work already may have passed what has changed.
      if (isPut || queue.find(id) !== undefined) return;
    }
  }

  return {
    ask() {
      if (!serves(VAULT_CADENCE)) return;
      try {
        if (files.info(paths.vault)?.kind === 'folder') put();
      } catch (error) {
        if (!(error instanceof CadenceError)) throw error;
        journal.emit({ level: 'warn', stage: 'vault', because: error.message });
      }
    },
  };
}
