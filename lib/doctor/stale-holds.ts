import { holdsForgotten, staleKeys, type Users } from '../core/hold-use.ts';
import type { Holds } from '../core/holds.ts';
import type { Paths } from '../core/paths.ts';
import type { Files } from '../ports.ts';
import { type Check, FIX, ok, warn } from './check.ts';
import type { StateFile } from './state-file.ts';
import { counted, listed } from './wording.ts';

export interface StaleHoldsDeps {
  readonly files: Pick<Files, 'write'>;
  readonly paths: Pick<Paths, 'holds'>;
  readonly holds: () => StateFile<Holds>;
  readonly users: () => Users;
  readonly isOwned: () => Promise<boolean>;
}

/** A hold of a cadence that was removed, or of an account that no cadence uses any more: no run will ever prove it. */
export function createStaleHoldsCheck({ files, paths, holds, users, isOwned }: StaleHoldsDeps): Check {
  const stale = (): readonly string[] => {
    const book = holds();
    return book.kind === 'whole' ? staleKeys(book.value, users()) : [];
  };
  return {
    id: 'stale-holds',
    title: 'Stale holds',
    isOwnersWork: true,
    async inspect() {
      const keys = stale();
      const [first] = keys;
      if (first === undefined) return ok('nothing is held that is gone');
      // A living owner has them in memory; it forgets one that is reset.
      const mend = (await isOwned()) ? `cadence-bus breaker reset ${first}` : FIX;
      return warn(`${counted(keys.length, 'hold')} of what is gone: ${listed(keys)}`, mend);
    },
    async repair() {
      const [book, keys] = [holds(), stale()];
      if (book.kind !== 'whole' || keys.length === 0) return '';
      files.write(paths.holds, `${JSON.stringify(holdsForgotten(book.value, keys), null, 2)}\n`);
      return `forgot ${listed(keys)}`;
    },
  };
}
