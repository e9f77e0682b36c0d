export interface Module {
  readonly bytes: number;
  /** Paths of the modules that are loaded with it. */
  readonly needs: readonly string[];
}

export function inFewGroups(
  graph: ReadonlyMap<string, Module>,
  entries: readonly string[],
): { readonly groups: readonly (readonly string[])[]; readonly wantedBy: ReadonlyMap<string, readonly number[]> };
