import { cadenceOf } from '../config/cadence-folder.ts';
import type { Reading } from './reading.ts';

const MAX_BYTES = 1024 * 1024;

/** Cadences whose definition says enabled: false. Only where a file has the word in it the definitions are parsed, for that costs more than all the rest. */
export async function disabledCadences({ files, paths }: Reading): Promise<ReadonlySet<string>> {
  const isSaid = files.list(paths.cadences).some((file) => {
    const read = cadenceOf(file) === undefined ? undefined : files.read(`${paths.cadences}/${file}`, MAX_BYTES);
    return read?.kind === 'text' && /\benabled\b/.test(read.text);
  });
  if (!isSaid) return new Set();
  const { readDefined } = await import('./defined.ts');
  return new Set(readDefined(paths.root).definitions.flatMap(({ name, cadence }) => (cadence?.enabled === false ? [name] : [])));
}
