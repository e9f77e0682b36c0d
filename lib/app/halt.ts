import { pathsOf } from '../core/paths.ts';
import { createFiles } from '../platform/files.ts';
import { giveOrder } from './orders.ts';

/** The emergency stop is a file: it works without an owner, and `touch` does the same. `stopped` says what became of runs. */
export async function haltBus(root: string, because: string | undefined, kill: boolean): Promise<{ readonly path: string; readonly stopped: string }> {
  const files = createFiles();
  const paths = pathsOf(root);
  files.makeDir(paths.state);
  files.write(paths.halt, `${because ?? 'halted by an operator'}\n`);
  return { path: paths.halt, stopped: kill ? (await giveOrder(root, { order: 'kill' })).summary : '' };
}
