import { CadenceError } from '../core/error.ts';
import type { Ms } from '../core/time/instant.ts';
import type { Journal } from '../ports.ts';

/**
 * Whether the disk is well, as far as this owner has tried it. Several places may meet faults at once: each is told when
 * it first does, the end is told once, when the last of them is well again.
 */
export interface StorageHealth {
  failed(place: Place, because: string): void;
  well(place: Place): void;
  /** Why nothing new is started. A fault met in the folders of ticks, or where others look, holds nothing: trying again is how its end is seen. */
  fault(): string | undefined;
  /** What is refused now, wherever that was met. */
  trouble(): string | undefined;
}

/** Who has met it: the log of runs, the book of holds, the view of the purse, the folders of ticks, the ledger of slots; or nobody yet, but there is too little room. */
export type Place = 'runs' | 'holds' | 'purse' | 'ticks' | 'slots' | 'room';

/** What the disk refused is tried again after this time. */
export const TRY_AGAIN_MS: Ms = 5_000;

export function createStorageHealth({ journal }: { readonly journal: Pick<Journal, 'emit'> }): StorageHealth {
  const faults = new Map<Place, string>();
  return {
    failed(place, because) {
      if (!faults.has(place)) journal.emit({ level: 'error', stage: 'storage_failed', because });
      faults.set(place, because);
    },
    well(place) {
      if (faults.delete(place) && faults.size === 0) journal.emit({ level: 'info', stage: 'storage_healed' });
    },
    fault: () => faults.get('runs') ?? faults.get('holds') ?? faults.get('room'),
    trouble: () => [...faults.values()][0],
  };
}

/** A fault of the disk is waited for; every other error is not. */
export function isDiskFault(error: unknown): error is CadenceError {
  return error instanceof CadenceError && (error.code === 'io' || error.code === 'permission');
}
