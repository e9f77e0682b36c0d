import type { Paths } from '../core/paths.ts';
import type { Files } from '../ports.ts';
import { type Check, FIX, fail, ok } from './check.ts';
import { listed, shellWord } from './wording.ts';

/** Every folder of ours below the root, from the top. */
export function foldersOf(paths: Paths): readonly string[] {
  const { state, inbox, waiting, claimed, dlq, tmp, running, runs, journal, logs, subsessions } = paths;
  return [state, inbox, waiting, claimed, dlq, tmp, running, runs, journal, logs, subsessions];
}

export interface FoldersDeps {
  readonly files: Pick<Files, 'info' | 'makeDir'>;
  readonly paths: Paths;
}

export function createFoldersCheck({ files, paths }: FoldersDeps): Check {
  const missing = (): readonly string[] => foldersOf(paths).filter((path) => files.info(path) === undefined);
  return {
    id: 'folders',
    title: 'Folders',
    async inspect() {
      if (files.info(paths.state) === undefined) return ok(`${paths.root}; the first start makes the folders below it`);
      // The first of them only: below a file there is nothing to look at.
      const wrong = foldersOf(paths).find((path) => ['file', 'other'].includes(files.info(path)?.kind ?? 'folder'));
      if (wrong !== undefined) return fail(`${wrong} is no folder`, `mv ${shellWord(wrong)} ${shellWord(`${wrong}.aside`)} && ${FIX}`);
      const absent = missing();
      return absent.length === 0 ? ok(paths.root) : fail(`missing: ${listed(absent)}`, FIX);
    },
    async repair() {
      const absent = missing();
      for (const path of absent) files.makeDir(path);
      return absent.length === 0 ? '' : `made ${listed(absent)}`;
    },
  };
}
