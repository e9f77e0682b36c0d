import { builtinCadence } from '../core/builtin.ts';
import { findHealing, healDefinition, isHealCadence } from '../core/heal/cadence.ts';
import type { Paths } from '../core/paths.ts';
import { isCadenceName } from '../core/tick.ts';
import { WATCH_AGENT, watchAgent } from '../core/watch/agent.ts';
import type { Definition } from '../ports.ts';
import { look } from './definition-text.ts';
import { createDefinitions, type DefinitionsDeps, type LiveDefinitions } from './definitions.ts';

/**
 * What the folder says; then the cadences of the program itself, which no file defines; then what `exec` has left under
 * `state/`. The latter two are asked for by name, and are not among `all()`: they are nobody's to edit.
 */
export function createAllDefinitions(deps: Omit<DefinitionsDeps, 'paths'> & { readonly paths: Paths }): LiveDefinitions {
  const { files, paths, home } = deps;
  const definitions = createDefinitions(deps);
  const commands = createCommandDefinitions({ files, paths, home });
  const healing = (name: string): Definition | undefined => (isHealCadence(name) ? healingDefinition(name, definitions, paths) : undefined);
  const watching = (name: string): Definition | undefined =>
    name === WATCH_AGENT ? { name, path: paths.state, cadence: watchAgent(paths, definitions.settings().selfDiagnosis), problems: [] } : undefined;
  return { ...definitions, get: (name) => definitions.get(name) ?? builtinDefinition(name, paths) ?? watching(name) ?? healing(name) ?? commands(name) };
}

/** Made from the ladder of the cadence that it mends, as that stands now. */
function healingDefinition(name: string, definitions: LiveDefinitions, paths: Paths): Definition | undefined {
  const found = findHealing(
    name,
    definitions.all().flatMap(({ cadence }) => cadence ?? []),
  );
  const cadence = found === undefined ? undefined : healDefinition(name, found, paths);
  return cadence === undefined ? undefined : { name, path: cadence.path, cadence, problems: [] };
}

function builtinDefinition(name: string, paths: Paths): Definition | undefined {
  const cadence = builtinCadence(name, paths);
  return cadence === undefined ? undefined : { name, path: cadence.path, cadence, problems: [] };
}

/** Commands are written by other processes while we live: each look costs one look at the file. */
function createCommandDefinitions({
  files,
  paths,
  home,
}: Omit<DefinitionsDeps, 'paths'> & { readonly paths: Paths }): (name: string) => Definition | undefined {
  const seen = new Map<string, string>();
  let known: LiveDefinitions | undefined;
  return (name) => {
    const path = commandPath(paths, name);
    const print = isCadenceName(name) ? look(files, path)?.print : undefined;
    if (print === undefined) return undefined;
    known ??= createDefinitions({ files, paths: { root: paths.root, cadences: paths.commands }, home });
    if (seen.get(name) !== print) known.reload(path);
    seen.set(name, print);
    return known.get(name);
  };
}

/** Where `exec` keeps the command that bears this name. */
export function commandPath(paths: Paths, name: string): string {
  return `${paths.commands}/${name}.yaml`;
}
