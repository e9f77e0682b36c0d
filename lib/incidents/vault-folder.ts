import { CadenceError } from '../core/error.ts';
import { HEAD_BYTES, isLostHead, isOwnHead, VAULT_FOLDERS } from '../core/vault/note.ts';
import type { Clock, Files } from '../ports.ts';

/**
 * The folder of the vault. What is in it may be a person's, or Obsidian's: only what bears our mark is written over or removed,
 * whatever it is called, and nothing behind a symlink. Each note is written whole or not at all, so that one which stops in the
 * middle leaves good notes, and the next one makes the vault whole.
 */
export interface VaultFolderDeps {
  readonly files: Pick<Files, 'list' | 'info' | 'read' | 'readRange' | 'write' | 'remove' | 'makeDir' | 'flushDir'>;
  readonly clock: Pick<Clock, 'nowMs'>;
  /** Lets others have their turn. */
  readonly breathe: () => Promise<void> | undefined;
  readonly dir: string;
}

export interface VaultChange {
  readonly written: readonly string[];
  readonly unchanged: number;
  readonly removed: readonly string[];
  /** Files that are not ours and stand where a note would: nothing was done to them. */
  readonly in_the_way: readonly string[];
}

const MAX_NOTE_BYTES = 4 * 1024 * 1024;
/** A note that a kill left half-written beside its place. Whoever writes it is through long before that. */
const LEFTOVER = /\.md\.\d{1,10}$/;
const OLD_MS = 3_600_000;

/** `isDry`: only says what it would do. */
export async function writeVault(deps: VaultFolderDeps, notes: Iterable<readonly [path: string, text: string]>, isDry: boolean): Promise<VaultChange> {
  const { files, dir, breathe } = deps;
  for (const folder of [dir, ...VAULT_FOLDERS.map((name) => `${dir}/${name}`)]) openFolder(files, folder, isDry);
  const [written, inTheWay, wanted]: [string[], string[], Set<string>] = [[], [], new Set()];
  let unchanged = 0;
  for (const [path, text] of notes) {
    wanted.add(path);
    const state = compare(deps, path, text);
    if (state === 'same') unchanged += 1;
    else if (state === 'foreign') inTheWay.push(path);
    else {
      if (!isDry) files.write(`${dir}/${path}`, text);
      written.push(path);
    }
    await breathe();
  }
  const removed = await removeOthers(deps, wanted, isDry);
  return { written, unchanged, removed, in_the_way: inTheWay };
}

function openFolder(files: VaultFolderDeps['files'], folder: string, isDry: boolean): void {
  const info = files.info(folder);
  if (info !== undefined && info.kind !== 'folder')
    throw new CadenceError(
      'io',
      `${folder} is ${info.kind === 'symlink' ? 'a symlink' : 'no folder'}, and nothing was written there`,
      'Move it away, and try again.',
    );
  if (info === undefined && !isDry) files.makeDir(folder);
}

function compare({ files, dir }: VaultFolderDeps, path: string, text: string): 'same' | 'own' | 'absent' | 'foreign' {
  const found = files.read(`${dir}/${path}`, MAX_NOTE_BYTES);
  if (found === undefined) return 'absent';
  if (found.kind === 'text' && found.text === text) return 'same';
  if (found.kind === 'not_a_file' || found.kind === 'unreadable') return 'foreign';
  const head = headOf(files, `${dir}/${path}`);
  return isOwnHead(head) || isLostHead(head) ? 'own' : 'foreign';
}

function headOf(files: VaultFolderDeps['files'], path: string): string {
  return files.readRange(path, 0, HEAD_BYTES).toString();
}

/** Notes of ours that stand for nothing any more. */
async function removeOthers({ files, clock, dir, breathe }: VaultFolderDeps, wanted: ReadonlySet<string>, isDry: boolean): Promise<readonly string[]> {
  const removed: string[] = [];
  for (const folder of ['', ...VAULT_FOLDERS.map((name) => `${name}/`)]) {
    let isAny = false;
    for (const file of files.list(`${dir}/${folder}`).toSorted()) {
      const path = `${folder}${file}`;
      const isLeft = LEFTOVER.test(file);
      if (wanted.has(path) || !(isLeft || file.endsWith('.md'))) continue;
      await breathe();
      const info = files.info(`${dir}/${path}`);
      if (info?.kind !== 'file' || (isLeft && clock.nowMs() - info.mtimeMs < OLD_MS)) continue;
      const found = files.read(`${dir}/${path}`, 0);
      if (found?.kind === 'unreadable') continue;
      const head = headOf(files, `${dir}/${path}`);
      if (!isOwnHead(head) && !(isLeft && head === '')) continue;
      if (!isDry && files.remove(`${dir}/${path}`)) isAny = true;
      if (!isLeft) removed.push(path);
    }
    if (isAny) files.flushDir(`${dir}/${folder}`);
  }
  return removed;
}
