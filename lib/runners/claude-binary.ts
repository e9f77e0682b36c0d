import { isAbsolute, join } from 'node:path';
import type { Files } from '../ports.ts';
import { unlessRefused } from './capture.ts';
import type { OwnerEnv } from './environment.ts';

const KNOWN_FOLDERS = ['/opt/homebrew/bin', '/usr/local/bin'];
const KNOWN_AT_HOME = ['.local/bin', '.claude/local'];

export type ClaudeBinary = { readonly kind: 'found'; readonly path: string } | { readonly kind: 'missing'; readonly reason: string };

/** A timer's PATH is poor, so the folders into which claude is usually installed are looked through as well. What is set is not second-guessed. */
export function findClaude(files: Files, env: OwnerEnv, setPath: string | undefined): ClaudeBinary {
  const home = env.HOME ?? '';
  const folders = [...(env.PATH ?? '').split(':'), ...(home === '' ? [] : KNOWN_AT_HOME.map((folder) => join(home, folder))), ...KNOWN_FOLDERS];
  const candidates = setPath === undefined ? folders.filter((folder) => isAbsolute(folder)).map((folder) => join(folder, 'claude')) : [setPath];
  const path = candidates.find((candidate) => isExecutable(files, candidate));
  if (path !== undefined) return { kind: 'found', path };
  const reason =
    setPath === undefined
      ? 'claude is not installed where the bus looks: on its PATH, in ~/.local/bin, ~/.claude/local, /opt/homebrew/bin and /usr/local/bin; set claude.path in cadences/bus.yaml'
      : `claude.path in cadences/bus.yaml names ${setPath}, and no program is there`;
  return { kind: 'missing', reason };
}

/** The installer leaves a symlink to the version in use. */
function isExecutable(files: Files, path: string): boolean {
  return unlessRefused(false, () => {
    const info = files.info(path);
    const real = info?.kind === 'symlink' ? files.info(files.realPath(path)) : info;
    return real?.kind === 'file' && (real.mode & 0o111) !== 0;
  });
}
