import type { Paths } from '../core/paths.ts';
import type { FileInfo, Files } from '../ports.ts';
import { type Check, FIX, fail, ok, warn } from './check.ts';
import { foldersOf } from './folders.ts';
import { counted, listed } from './wording.ts';

export interface AccessDeps {
  readonly files: Pick<Files, 'info' | 'list'>;
  readonly paths: Paths;
  readonly setMode: (path: string, mode: number) => void;
}

interface Exposed {
  readonly path: string;
  readonly mode: number;
  readonly should: number;
}

const FOLDER_MODE = 0o700;
const FILE_MODE = 0o600;
/** What the bus itself writes. Ticks keep the mode that their producer gave them; the folder around them is closed. */
const OUR_FILE = /\.(?:json|jsonl|log)(?:\.broken-.*)?$/;

/** What the children said and what the ticks hold may be secret, and whoever may write there decides what is run. */
export function createAccessCheck({ files, paths, setMode }: AccessDeps): Check {
  /** Folders first, from the top: nothing is swapped in a folder that is closed already. */
  function exposed(): readonly Exposed[] {
    const folders = foldersOf(paths).flatMap((path) => judge(path, 'folder', FOLDER_MODE));
    const holders = [paths.state, paths.runs, paths.journal, paths.logs, paths.subsessions];
    const ours = holders.filter((dir) => files.info(dir)?.kind === 'folder').flatMap((dir) => files.list(dir).map((name) => `${dir}/${name}`));
    return [...folders, ...ours.filter((path) => OUR_FILE.test(path)).flatMap((path) => judge(path, 'file', FILE_MODE))];
  }

  function judge(path: string, kind: FileInfo['kind'], should: number): readonly Exposed[] {
    const info = files.info(path);
    if (info?.kind !== kind || ((info.mode & 0o077) === 0 && (info.mode & should) === should)) return [];
    return [{ path, mode: info.mode, should }];
  }

  return {
    id: 'access',
    title: 'Access',
    async inspect() {
      const all = exposed();
      const told = listed(
        all.map(({ path, mode, should }) => `${path} is ${formatMode(mode)}, not ${formatMode(should)}`),
        3,
      );
      if (all.some(({ mode }) => (mode & 0o022) !== 0)) return fail(`others may write: ${told}`, FIX);
      if (all.some(({ mode, should }) => (mode & should) !== should)) return fail(`the bus itself has no access: ${told}`, FIX);
      return all.length === 0 ? ok('nobody else has access to the state and the logs') : warn(`others may read: ${told}`, FIX);
    },
    async repair() {
      const all = exposed();
      for (const { path, should } of all) setMode(path, should);
      // A folder that nobody could look into may hide more.
      const hidden = all.length === 0 ? [] : exposed();
      for (const { path, should } of hidden) setMode(path, should);
      return all.length === 0 ? '' : `closed ${counted(all.length + hidden.length, 'path')} to others`;
    },
  };
}

function formatMode(mode: number): string {
  return (mode & 0o7777).toString(8).padStart(4, '0');
}
