import type { Paths } from '../core/paths.ts';
import { formatTickName } from '../core/tick.ts';
import type { Clock, Files } from '../ports.ts';
import type { LeftFiles } from './left-files.ts';
import type { Entry } from './pending.ts';
import { inSlices } from './slices.ts';

/**
 * Foreign files for which memory has no room. Left in the inbox under names that say nothing, each would have to be opened
 * again with every reading of the folder; so it is put where what waits lies, under the name that says what it is.
 */
export interface Overflow {
  /** false: another tick has this name already. A canonical file stays where it is. */
  put(entry: Entry): boolean;
  putAll(entries: readonly Entry[]): Promise<void>;
}

export function createOverflow(deps: { readonly files: Files; readonly clock: Clock; readonly paths: Paths; readonly left: LeftFiles }): Overflow {
  const { files, clock, paths, left } = deps;

  function put({ name, folder, file, isFresh }: Entry): boolean {
    const canonical = formatTickName(name);
    if (folder !== 'inbox' || file === canonical) return true;
    const [from, to] = [`${paths.inbox}/${file}`, `${paths.waiting}/${canonical}`];
    if (isFresh !== true && files.info(to) !== undefined) return false;
    left.spare(from, () => files.rename(from, to));
    return true;
  }

  return {
    put,
    async putAll(entries) {
      const breathe = inSlices(clock);
      for (const entry of entries) {
        put(entry);
        await breathe();
      }
    },
  };
}
