export interface Late {
  readonly exported: Readonly<Record<string, unknown>>;
  readonly isDirect: boolean;
}

/** By path, the modules that may come late. */
export function lateModules(
  graph: ReadonlyMap<string, readonly string[]>,
  load: (path: string) => Promise<Readonly<Record<string, unknown>>>,
): Promise<ReadonlyMap<string, Late>>;

/** The source of a module, with every import put off that may be. */
export function lately(source: string, exportsOf: (from: string) => Readonly<Record<string, unknown>> | undefined): string;
