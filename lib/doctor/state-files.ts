import type { OwnerState } from '../ports.ts';
import { type Check, fail, ok } from './check.ts';
import type { StateFile } from './state-file.ts';

export interface StateFilesDeps {
  readonly owner: () => Promise<OwnerState>;
  /** By path; `circuit-open.json` has a check of its own. */
  readonly files: () => Readonly<Record<string, StateFile<unknown>>>;
  /** By path, what is none of the owner's to make anew: the command that does it. */
  readonly others?: () => Readonly<Record<string, { readonly file: StateFile<unknown>; readonly mend: string }>>;
}

/** The next start sets a broken file aside and makes it anew, the holds from the log of runs; a living owner knows them by heart. */
export function createStateFilesCheck({ owner, files, others = () => ({}) }: StateFilesDeps): Check {
  return {
    id: 'state-files',
    title: 'State files',
    async inspect() {
      const own = Object.entries(files()).flatMap(([path, file]) => (file.kind === 'broken' ? [`${path}: ${file.because}`] : []));
      const more = Object.entries(others()).flatMap(([path, { file, mend }]) => (file.kind === 'broken' ? [{ line: `${path}: ${file.because}`, mend }] : []));
      const [first] = more;
      if (own.length === 0 && first === undefined) return ok('each can be read');
      const told = [...own, ...more.map(({ line }) => line)].join('\n');
      if (own.length === 0 && first !== undefined) return fail(told, first.mend);
      const { kind, info } = await owner();
      const isOwned = kind !== 'none' && info !== undefined;
      return fail(told, isOwned ? `kill ${info.pid} && cadence-bus start` : 'cadence-bus start');
    },
  };
}
