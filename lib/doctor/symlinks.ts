import type { Paths } from '../core/paths.ts';
import type { Files } from '../ports.ts';
import { type Check, fail, ok, warn } from './check.ts';
import { foldersOf } from './folders.ts';
import { shellWord } from './wording.ts';

export interface SymlinksDeps {
  readonly files: Pick<Files, 'info' | 'realPath'>;
  readonly paths: Paths;
}

/**
 * Every transition is a rename within one file system. A link of the whole state keeps that true; a link of one folder in it
 * does not, and neither does one of a state file, which the bus will not follow.
 */
export function createSymlinksCheck({ files, paths }: SymlinksDeps): Check {
  const isLink = (path: string): boolean => files.info(path)?.kind === 'symlink';
  return {
    id: 'symlinks',
    title: 'Symlinks',
    async inspect() {
      const wholes = [`${paths.root}/state`, paths.state, `${paths.root}/logs`, paths.logs];
      const parts = [...foldersOf(paths), paths.holds, paths.circuit, paths.purse, paths.owner, paths.halt].filter((path) => !wholes.includes(path));
      const part = parts.find(isLink);
      if (part !== undefined)
        return fail(`${part} is a symlink: moving a tick into it may not be one step, and state files are not read through one`, unlink(part));
      const whole = wholes.find(isLink);
      return whole === undefined
        ? ok('none in the state')
        : warn(`${whole} is a symlink: keep all of it on one local disk, and no second root behind the same folder`, unlink(whole));
    },
  };

  function unlink(path: string): string {
    const target = files.info(path) === undefined ? undefined : targetOf(path);
    return target === undefined ? `rm ${shellWord(path)}` : `rm ${shellWord(path)} && mv ${shellWord(target)} ${shellWord(path)}`;
  }

  /** undefined: it leads nowhere. */
  function targetOf(path: string): string | undefined {
    try {
      return files.realPath(path);
    } catch (error) {
      if (error instanceof Error && 'code' in error && error.code === 'io') return undefined;
      throw error;
    }
  }
}
