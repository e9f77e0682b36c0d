import { cadenceOf } from '../../config/cadence-folder.ts';
import { pathsOf } from '../../core/paths.ts';
import { createFiles } from '../../platform/files.ts';

/** From the listing of the folder alone: a shell asks at every press of Tab, so nothing is parsed and no schema is loaded. */
export function cadenceNames(root: string): readonly string[] {
  const names = createFiles()
    .list(pathsOf(root).cadences)
    .flatMap((file) => cadenceOf(file) ?? []);
  return [...new Set(names)].toSorted();
}
