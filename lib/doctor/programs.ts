import type { Cadence, EnvSpec } from '../core/cadence.ts';
import { CadenceError } from '../core/error.ts';
import type { Files } from '../ports.ts';
import { type Check, ok, warn } from './check.ts';
import { listed, shellWord } from './wording.ts';

export interface ProgramsDeps {
  readonly files: Pick<Files, 'info' | 'realPath'>;
  readonly cadences: () => readonly Cadence[];
  /** The PATH that a child with this environment would have. */
  readonly searchPath: (env: EnvSpec) => string;
}

interface Missing {
  readonly cadence: string;
  readonly program: string;
}

/** The owner's PATH may differ from the one here, so this is never red. */
export function createProgramsCheck({ files, cadences, searchPath }: ProgramsDeps): Check {
  return {
    id: 'programs',
    title: 'Programs',
    async inspect() {
      const missing = cadences().flatMap((cadence) => [cadence.run, cadence.guard].flatMap((kind) => missingOf(cadence, kind)));
      const [first] = missing;
      if (first === undefined) return ok('every command that a cadence names is there');
      const told = listed(missing.map(({ cadence, program }) => `${program} (${cadence})`));
      return warn(`not found here: ${told}; the owner's PATH may differ`, `command -v ${shellWord(first.program)} || cadence-bus show ${first.cadence}`);
    },
  };

  function missingOf(cadence: Cadence, kind: Cadence['guard']): readonly Missing[] {
    if ((kind?.kind !== 'command' && kind?.kind !== 'agent') || (kind.kind === 'command' && kind.shell)) return [];
    const [program = ''] = kind.argv;
    return candidates(program, kind.cwd, kind.env).some(isProgram) ? [] : [{ cadence: cadence.name, program }];
  }

  function candidates(program: string, cwd: string, env: EnvSpec): readonly string[] {
    if (program.startsWith('/')) return [program];
    if (program.includes('/')) return [`${cwd}/${program}`];
    return searchPath(env)
      .split(':')
      .map((dir) => (dir.startsWith('/') ? `${dir}/${program}` : `${cwd}/${dir === '' ? '.' : dir}/${program}`));
  }

  function isProgram(path: string): boolean {
    try {
      const info = files.info(path);
      const real = info?.kind === 'symlink' ? files.info(files.realPath(path)) : info;
      return real?.kind === 'file' && (real.mode & 0o111) !== 0;
    } catch (error) {
      // A folder of the PATH that may not be searched, or is a file, or a link that leads nowhere: it is not there.
      if (error instanceof CadenceError) return false;
      throw error;
    }
  }
}
