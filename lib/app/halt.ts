import { pathsOf } from '../core/paths.ts';
import { createFiles } from '../platform/files.ts';
import { readMachine } from '../platform/machine.ts';
import { giveOrder } from './orders.ts';
import { createRedacting } from './redacting.ts';

/** The emergency stop is a file: it works without an owner, and `touch` does the same. `stopped` says what became of runs. */
export async function haltBus(root: string, because: string | undefined, kill: boolean): Promise<{ readonly path: string; readonly stopped: string }> {
  const files = createFiles();
  const paths = pathsOf(root);
  files.makeDir(paths.state);
  files.write(paths.halt, `${because === undefined ? 'halted by an operator' : createRedacting(readMachine().env).ofOwner(because)}\n`);
  return { path: paths.halt, stopped: kill ? (await giveOrder(root, { order: 'kill' })).summary : '' };
}
