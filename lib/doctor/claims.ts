import type { TickName } from '../core/tick.ts';
import { type Check, ok, warn } from './check.ts';
import { counted, listed } from './wording.ts';

export interface ClaimsDeps {
  readonly claimed: () => readonly TickName[];
  readonly isOwned: () => Promise<boolean>;
}

export function createClaimsCheck({ claimed, isOwned }: ClaimsDeps): Check {
  return {
    id: 'claims',
    title: 'Claims',
    async inspect() {
      const all = claimed();
      if (all.length === 0) return ok('no run is under way');
      if (await isOwned()) return ok(`${counted(all.length, 'run')} under way`);
      const told = listed(all.map(({ cadence, id }) => `${cadence} ${id}`));
      return warn(
        `${counted(all.length, 'tick was', 'ticks were')} claimed by an owner that is gone: ${told}; the next start settles them`,
        'cadence-bus start',
      );
    },
  };
}
