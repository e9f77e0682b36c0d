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
/** State, folder, file: what is shut hides what lies below it. */
const DEPTH = 3;
/** What the bus itself writes. Ticks keep the mode that their producer gave them; the folder around them is closed. */
const OUR_FILE = /\.(?:json|jsonl|log)(?:\.broken-.*)?$/;

/** What the children said and what the ticks hold may be secret, and whoever may write there decides what is run. */
export function createAccessCheck({ files, paths, setMode }: AccessDeps): Check {
  const holders = [paths.state, paths.runs, paths.journal, paths.logs, paths.subsessions];

  /** From the top: nothing is swapped in a folder that is closed already, and below one that we may not enter nothing can be seen. */
  function exposed(): readonly Exposed[] {
    return [paths.state, paths.logs].flatMap((top) => {
      const whole = judge(top, 'folder', FOLDER_MODE);
      return whole.some(isShutToUs)
        ? whole
        : [...whole, ...[...foldersOf(paths), paths.vault].filter((path) => path.startsWith(`${top}/`)).flatMap(inFolder), ...filesOf(top)];
    });
  }

  function inFolder(path: string): readonly Exposed[] {
    const folder = judge(path, 'folder', FOLDER_MODE);
    return folder.some(isShutToUs) ? folder : [...folder, ...filesOf(path)];
  }

  function filesOf(dir: string): readonly Exposed[] {
    if (!holders.includes(dir) || files.info(dir)?.kind !== 'folder') return [];
    return files
      .list(dir)
      .filter((name) => OUR_FILE.test(name))
      .flatMap((name) => judge(`${dir}/${name}`, 'file', FILE_MODE));
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
      if (all.some(isShutToUs)) return fail(`the bus itself has no access: ${told}`, FIX);
      return all.length === 0 ? ok('nobody else has access to the state and the logs') : warn(`others may read: ${told}`, FIX);
    },
    async repair() {
      let count = 0;
      for (let depth = 0; depth < DEPTH; depth += 1) {
        const all = exposed();
        for (const { path, should } of all) setMode(path, should);
        count += all.length;
      }
      return count === 0 ? '' : `gave ${counted(count, 'path')} to nobody but the bus`;
    },
  };
}

function isShutToUs({ mode, should }: Exposed): boolean {
  return (mode & should) !== should;
}

function formatMode(mode: number): string {
  return (mode & 0o7777).toString(8).padStart(4, '0');
}
