import { CadenceError } from '../core/error.ts';
import type { Paths } from '../core/paths.ts';
import { formatTickName, isForcedName, MAX_TICK_BYTES, type TickName } from '../core/tick.ts';
import type { Files } from '../ports.ts';

/**
 * Whether a tick that is named like a forced one is one: its text must say so too, for a file whose time was lost may bear
 * the same name. One small file is read, and only for such a name.
 */
export function createForcedLook(files: Pick<Files, 'read'>, paths: Pick<Paths, 'inbox' | 'waiting'>): (name: TickName) => boolean {
  const says = (path: string): boolean => {
    try {
      const found = files.read(path, MAX_TICK_BYTES);
      return found?.kind === 'text' && (JSON.parse(found.text) as { readonly force?: unknown } | null)?.force === true;
    } catch (error) {
      // What cannot be read now, or is no JSON, forces nothing.
      if (error instanceof SyntaxError || error instanceof CadenceError) return false;
      throw error;
    }
  };
  return (name) => isForcedName(name) && [paths.inbox, paths.waiting].some((folder) => says(`${folder}/${formatTickName(name)}`));
}
