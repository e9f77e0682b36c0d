import { builtinCadence } from '../core/builtin.ts';
import type { Paths } from '../core/paths.ts';
import type { Definition } from '../ports.ts';
import type { LiveDefinitions } from './definitions.ts';

/** What the folder says, and the cadences of the program itself, which no file defines. They are asked for by name, and listed nowhere. */
export function withBuiltins(definitions: LiveDefinitions, paths: Paths): LiveDefinitions {
  return { ...definitions, get: (name) => definitions.get(name) ?? builtinDefinition(name, paths) };
}

function builtinDefinition(name: string, paths: Paths): Definition | undefined {
  const cadence = builtinCadence(name, paths);
  return cadence === undefined ? undefined : { name, path: cadence.path, cadence, problems: [] };
}
