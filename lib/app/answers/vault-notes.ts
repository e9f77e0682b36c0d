import { CadenceError } from '../../core/error.ts';
import { isOwnHead, VAULT_FOLDERS } from '../../core/vault/note.ts';
import { createReading } from '../reading.ts';

const MAX_NOTE_BYTES = 4 * 1024 * 1024;

/**
 * A note of the vault as it lies there. Its name is looked up among the names in its folder, so it is no path; what was not made
 * here, and what lies behind a symlink, is no note. undefined: there is no vault.
 */
export function readVaultNote(root: string, path: string): string | undefined {
  const { files, paths } = createReading(root);
  const isFolder = (dir: string): boolean => files.info(dir)?.kind === 'folder';
  if (!isFolder(paths.vault)) return undefined;
  const [name = '', folder] = path.split('/').toReversed();
  const isKnown = folder === undefined || VAULT_FOLDERS.some((known) => known === folder);
  const dir = folder === undefined ? paths.vault : `${paths.vault}/${folder}`;
  const file = isKnown && isFolder(dir) ? files.list(dir).find((one) => one === `${name}.md`) : undefined;
  const found = file === undefined ? undefined : files.read(`${dir}/${file}`, MAX_NOTE_BYTES);
  if (found?.kind === 'text' && isOwnHead(found.text)) return found.text;
  throw new CadenceError('not_found', `the vault has no note ${path.slice(0, 240)}`, 'Make its notes anew: cadence-bus vault');
}
