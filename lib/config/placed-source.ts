import type { SlotFile } from '../wire/agent-slots.ts';
import type { KeyPath } from '../wire/problem.ts';
import type { YamlSource } from '../wire/yaml-source.ts';

/** An agent, and where it is written: in a cadence, or in bus.yaml. */
export interface PlacedSlot {
  readonly slot: SlotFile;
  readonly at: KeyPath;
  readonly source: YamlSource;
}

/** The same text, whose problems say which file it is where that is not the one that is being read. */
export function inFile(path: string, source: YamlSource): YamlSource {
  return { ...source, problem: (...given) => ({ ...source.problem(...given), path }) };
}

/**
 * A session of which some keys are written in one place and the rest in another, as if all stood under `at` of the first. Each
 * problem is told where its own key stands.
 */
export function eitherSource(
  first: { readonly source: YamlSource; readonly at: KeyPath; readonly has: (key: string) => boolean },
  rest: YamlSource,
): YamlSource {
  const { source, at, has } = first;
  const isFirst = (path: KeyPath): boolean => has(String(path[OUTSIDE.length]));
  const inFirst = (path: KeyPath): KeyPath => [...at, ...path.slice(OUTSIDE.length)];
  return {
    ...rest,
    writtenAt: (path) => (isFirst(path) ? source.writtenAt(inFirst(path)) : rest.writtenAt(path)),
    problem: (path, ...more) => (isFirst(path) ? source.problem(inFirst(path), ...more) : rest.problem(path, ...more)),
  };
}

/** Where a cadence writes what its sessions take. */
export const OUTSIDE: KeyPath = ['run', 'claude'];
