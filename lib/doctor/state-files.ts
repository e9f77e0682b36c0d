import type { OwnerState } from '../ports.ts';
import { type Check, fail, ok } from './check.ts';
import type { StateFile } from './state-file.ts';

export interface StateFilesDeps {
  readonly owner: () => Promise<OwnerState>;
  /** By path; `circuit-open.json` has a check of its own. */
  readonly files: () => Readonly<Record<string, StateFile<unknown>>>;
}

/** The next start sets a broken file aside and makes it anew, the holds from the log of runs; a living owner knows them by heart. */
export function createStateFilesCheck({ owner, files }: StateFilesDeps): Check {
  return {
    id: 'state-files',
    title: 'State files',
    async inspect() {
      const broken = Object.entries(files()).flatMap(([path, file]) => (file.kind === 'broken' ? [`${path}: ${file.because}`] : []));
      if (broken.length === 0) return ok('each can be read');
      const { kind, info } = await owner();
      const isOwned = kind !== 'none' && info !== undefined;
      return fail(broken.join('\n'), isOwned ? `kill ${info.pid} && cadence-bus start` : 'cadence-bus start');
    },
  };
}
