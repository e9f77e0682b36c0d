import { isLeftover } from '../core/leftover.ts';
import type { Paths } from '../core/paths.ts';
import type { Files } from '../ports.ts';
import { type Check, ok, warn } from './check.ts';
import { counted, listed, shellWord } from './wording.ts';

export interface StraysDeps {
  readonly files: Pick<Files, 'list'>;
  readonly paths: Pick<Paths, 'inbox'>;
}

/** They are the user's, so they stay where they are. Hidden files are nobody's business. */
export function createStraysCheck({ files, paths }: StraysDeps): Check {
  return {
    id: 'strays',
    title: 'Inbox',
    async inspect() {
      const strays = files.list(paths.inbox).filter(isStray).toSorted();
      if (strays.length === 0) return ok('nothing but ticks');
      return warn(`${counted(strays.length, 'file is', 'files are')} no tick and left alone: ${listed(strays)}`, `ls -la ${shellWord(paths.inbox)}`);
    },
  };
}

/** What the owner's intake leaves: a name that is no tick's, or that it could not even write. */
function isStray(file: string): boolean {
  if (file.startsWith('.') || isLeftover('ticks', file)) return false;
  return file.includes('\uFFFD') || !(file.endsWith('.json') || file.endsWith('.ndjson'));
}
