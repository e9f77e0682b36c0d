import { isLeftover, leftoverFolders } from '../core/leftover.ts';
import type { Paths } from '../core/paths.ts';
import type { Ms } from '../core/time/instant.ts';
import type { Clock, Files } from '../ports.ts';
import { type Check, FIX, ok, warn } from './check.ts';
import { counted, listed } from './wording.ts';

export interface LeftoversDeps {
  readonly clock: Pick<Clock, 'nowMs'>;
  readonly files: Pick<Files, 'list' | 'info' | 'remove'>;
  readonly paths: Paths;
}

const OLD_MS: Ms = 3_600_000;

/**
 * The owner gives its temporary files the same names in every life (they come from its pid and a count), so one that looks
 * forgotten may be in use again at this instant: they are removed only while there is no owner.
 */
export function createLeftoversCheck({ clock, files, paths }: LeftoversDeps): Check {
  function old(): readonly string[] {
    return leftoverFolders(paths).flatMap(({ dir, place }) =>
      files
        .list(dir)
        .filter((file) => isLeftover(place, file))
        .map((file) => `${dir}/${file}`)
        .filter((path) => {
          const info = files.info(path);
          return info?.kind === 'file' && clock.nowMs() - info.mtimeMs > OLD_MS;
        }),
    );
  }

  return {
    id: 'leftovers',
    title: 'Leftovers',
    isOwnersWork: true,
    async inspect() {
      const all = old();
      return all.length === 0 ? ok('no half-written file lies about') : warn(`${counted(all.length, 'half-written file')} of a past life: ${listed(all)}`, FIX);
    },
    async repair() {
      const removed = old().filter((path) => files.remove(path));
      return removed.length === 0 ? '' : `removed ${listed(removed)}`;
    },
  };
}
