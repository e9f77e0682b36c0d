import type { Paths } from '../core/paths.ts';
import type { Files } from '../ports.ts';
import { type Check, ok, warn } from './check.ts';
import { listed, shellWord } from './wording.ts';

export interface NeighboursDeps {
  readonly files: Pick<Files, 'info' | 'realPath'>;
  readonly paths: Pick<Paths, 'root' | 'cadences'>;
}

const WORLD_WRITES = 0o002;
const STICKY = 0o1000;

/** Whoever may write a folder on the way to the cadences may put others in their place, and the bus runs what stands there. */
export function createNeighboursCheck({ files, paths }: NeighboursDeps): Check {
  return {
    id: 'neighbours',
    title: 'Neighbours',
    async inspect() {
      const root = files.realPath(paths.root);
      const way = [paths.cadences, `${paths.root}/state`, ...upwards(root)];
      const open = way.filter((path) => isOpen(files.info(path)?.mode ?? 0, path === paths.cadences));
      if (open.length === 0) return ok('nobody else can replace the root or its cadences');
      return warn(`everybody may write ${listed(open)}, and so decide what is run`, `chmod o-w ${open.map(shellWord).join(' ')}`);
    },
  };
}

/** In a sticky folder nobody can move what belongs to others; new cadences could be put there all the same. */
function isOpen(mode: number, isCadences: boolean): boolean {
  return (mode & WORLD_WRITES) !== 0 && (isCadences || (mode & STICKY) === 0);
}

function upwards(path: string): readonly string[] {
  const parts = path.split('/').filter((part) => part !== '');
  return parts.map((_part, index) => `/${parts.slice(0, parts.length - index).join('/')}`).concat('/');
}
