import type { Paths } from '../core/paths.ts';
import type { Files } from '../ports.ts';
import { type Check, ok, warn } from './check.ts';
import { counted, listed, shellWord } from './wording.ts';

export interface BrokenFilesDeps {
  readonly files: Pick<Files, 'list'>;
  readonly paths: Pick<Paths, 'state'>;
}

/** Evidence of a crash, a bad disk or an edit by hand. It stays until somebody has looked at it. */
export function createBrokenFilesCheck({ files, paths }: BrokenFilesDeps): Check {
  return {
    id: 'broken-files',
    title: 'Set aside',
    async inspect() {
      const broken = files
        .list(paths.state)
        .filter((file) => file.includes('.broken-'))
        .toSorted();
      const [first] = broken;
      if (first === undefined) return ok('no state file had to be');
      return warn(
        `${counted(broken.length, 'state file')} could not be read and was made anew: ${listed(broken)}`,
        `less ${shellWord(`${paths.state}/${first}`)}`,
      );
    },
  };
}
