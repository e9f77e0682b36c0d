import type { Files } from '../ports.ts';
import { type Check, fail, ok } from './check.ts';
import { shellWord } from './wording.ts';

export interface ProducerDeps {
  readonly files: Pick<Files, 'info'>;
  /** `bin/enqueue` of this package. */
  readonly path: string;
  readonly version: string;
}

/** Timers call it by its absolute path, for their PATH has no Node; so the path is told. */
export function createProducerCheck({ files, path, version }: ProducerDeps): Check {
  return {
    id: 'producer',
    title: 'bin/enqueue',
    async inspect() {
      const info = files.info(path);
      if (info?.kind !== 'file') return fail(`${path} is not there: the package is not whole`, `npm install cadence-bus@${version}`);
      return (info.mode & 0o111) === 0 ? fail(`${path} is not executable`, `chmod +x ${shellWord(path)}`) : ok(path);
    },
  };
}
