import { dirname, join } from 'node:path';
import { CadenceError } from '../../core/error.ts';
import { isVersioned, versionManagerOf } from '../../core/node-place.ts';
import type { Files } from '../../ports.ts';
import { packageFolder } from '../doctor/facts.ts';

/** The programs that services start, by paths that hold. */
export interface Programs {
  readonly node: string;
  readonly program: string;
  readonly enqueue: string;
  /** What may break them later. */
  readonly warnings: readonly string[];
}

const STANDARD = ['/opt/homebrew/bin', '/usr/local/bin', '/usr/bin', '/bin', '/usr/sbin', '/sbin'];

/** Throws `not_found` where the package is not built, or lies where nobody promises it will stay. */
export function findPrograms(files: Files, from: string, execPath: string, home: string): Programs {
  const folder = packageFolder(files, from);
  const program = join(folder, 'dist', 'bin', 'cadence-bus.js');
  if (files.info(program) === undefined) throw new CadenceError('not_found', `there is no ${program} for a service to start`, 'Build it first: npm run build');
  if (/\/_npx\//.test(folder))
    throw new CadenceError('not_found', `${folder} is a cache of npx, which is emptied at any time`, 'Install the package first: npm install -g cadence-bus');
  const node = stableNode(files, execPath, home);
  return { node, program, enqueue: join(folder, 'bin', 'enqueue'), warnings: isVersioned(node) ? [warningOf(node)] : [] };
}

function warningOf(node: string): string {
  const keeper = versionManagerOf(node) ?? 'Homebrew';
  return `node lies in a folder of ${keeper} that bears its version (${node}): the services stand still once that version is taken away; then install again`;
}

/** A link that leads to this Node and has no version in its name outlives the next upgrade. */
function stableNode(files: Files, execPath: string, home: string): string {
  if (!isVersioned(execPath)) return execPath;
  const real = files.realPath(execPath);
  const links = [join(home, '.local', 'bin'), ...STANDARD].map((folder) => join(folder, 'node'));
  return links.find((link) => files.info(link) !== undefined && leadsTo(files, link, real)) ?? execPath;
}

function leadsTo(files: Files, link: string, real: string): boolean {
  try {
    return files.realPath(link) === real;
  } catch (error) {
    // It leads nowhere.
    if (error instanceof CadenceError) return false;
    throw error;
  }
}

/**
 * The PATH of a service: what this shell has, in its order, with the folder of its node and the standard folders. Relative
 * folders mean nothing to a service, and temporary ones are gone tomorrow.
 */
export function servicePath(node: string, shellPath: string, temporary: string): string {
  const isLasting = (folder: string): boolean =>
    folder.startsWith('/') && !`${folder}/`.startsWith(`${temporary}/`) && !/\/(_npx|node_modules\/\.bin|fnm_multishells)(\/|$)/.test(folder);
  const shell = shellPath.split(':').map((folder) => folder.replace(/(?<=.)\/+$/, ''));
  const own = shell.includes(dirname(node)) ? [] : [dirname(node)];
  const folders = [...own, ...shell, ...STANDARD];
  return [...new Set(folders.filter(isLasting))].join(':');
}
