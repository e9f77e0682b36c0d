import type { Paths } from '../core/paths.ts';
import type { Files } from '../ports.ts';
import { type Check, fail, ok, warn } from './check.ts';
import { foldersOf } from './folders.ts';
import { listed, shellWord } from './wording.ts';

export interface PossessionDeps {
  readonly files: Pick<Files, 'info'>;
  readonly paths: Paths;
  /** Who we are; undefined where the system knows no users. */
  readonly uid: number | undefined;
}

/** One `sudo cadence-bus …` is enough to leave files that the bus of the user cannot replace. */
export function createPossessionCheck({ files, paths, uid }: PossessionDeps): Check {
  return {
    id: 'possession',
    title: 'Possession',
    async inspect() {
      if (uid === undefined) return ok('this system knows no users');
      const ours = [...foldersOf(paths), paths.holds, paths.circuit, paths.purse, paths.owner];
      const foreign = ours.flatMap((path) => {
        const owner = files.info(path)?.uid;
        return owner === undefined || owner === uid ? [] : [{ path, owner }];
      });
      const [first] = foreign;
      if (first === undefined) return ok(`all of it belongs to user ${uid}`);
      const told = `${listed(foreign.map(({ path }) => path))}: user ${first.owner}`;
      if (uid === 0) return warn(`not of root, who is asking, but of another: ${told}`, `sudo -u '#${first.owner}' cadence-bus doctor`);
      const trees = [paths.state, paths.logs].filter((path) => files.info(path) !== undefined);
      return fail(`not of user ${uid}, who runs the bus, but of another: ${told}`, `sudo chown -R ${uid} ${trees.map(shellWord).join(' ')}`);
    },
  };
}
