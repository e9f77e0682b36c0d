/** The text of a file of the bundle, as CommonJS. */
export function asCommonJs(esm: string, path: string): string;

/** By the name of a file, the files that are loaded with it. */
export function refuseCircles(needsOf: ReadonlyMap<string, readonly string[]>): void;
