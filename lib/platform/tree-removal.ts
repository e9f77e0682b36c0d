import { lstatSync, readdirSync, rmdirSync, rmSync, unlinkSync } from 'node:fs';
import { attempt, errnoOf } from './fault.ts';

/** Nearly always the folder of a run, with a few files in it: then what Node's `rm` asks of each of them first is spared. */
export function removeTree(path: string): void {
  attempt('remove', path, () => {
    // A child that is just ending may write its exit code into the folder while it is being emptied.
    if (!removeFlat(path)) rmSync(path, { recursive: true, force: true, maxRetries: 5, retryDelay: 20 });
  });
}

/** A folder with nothing but files in it. false: it is not gone, for it is something else, or something stands in the way. */
function removeFlat(path: string): boolean {
  const stats = lstatSync(path, { throwIfNoEntry: false });
  if (stats?.isDirectory() !== true) return stats === undefined;
  try {
    for (const name of readdirSync(path)) unlinkSync(`${path}/${name}`);
    rmdirSync(path);
    return true;
  } catch (thrown) {
    if (errnoOf(thrown) === undefined) throw thrown;
    return false;
  }
}
