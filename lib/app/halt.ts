import { CadenceError } from '../core/error.ts';
import { pathsOf } from '../core/paths.ts';
import { createFiles } from '../platform/files.ts';
import { readMachine } from '../platform/machine.ts';
import type { Files } from '../ports.ts';
import { giveOrder } from './orders.ts';
import { createRedacting } from './redacting.ts';

/** The emergency stop is a file: it works without an owner, and `touch` does the same. `stopped` says what became of runs. */
export async function haltBus(root: string, because: string | undefined, kill: boolean): Promise<{ readonly path: string; readonly stopped: string }> {
  const files = createFiles();
  const paths = pathsOf(root);
  files.makeDir(paths.state);
  const words = `${because === undefined ? 'halted by an operator' : createRedacting(readMachine().env).ofOwner(because)}\n`;
  try {
    files.write(paths.halt, words);
  } catch (error) {
    // A full disk has no room for words and often still for a name, which is all that stops the bus.
    if (files.info(paths.halt) === undefined && !hasMade(files, paths.halt)) throw error;
  }
  return { path: paths.halt, stopped: kill ? (await giveOrder(root, { order: 'kill' })).summary : '' };
}

function hasMade(files: Files, path: string): boolean {
  try {
    return files.create(path, '');
  } catch (error) {
    if (error instanceof CadenceError) return false;
    throw error;
  }
}
