/** The texts of files by their names, which take from each other by these variables, where they may. */
export function linked(texts: ReadonlyMap<string, string>): { readonly texts: ReadonlyMap<string, string>; readonly variables: readonly string[] };
