/** A script whose value holds these files by name, each as a function that loads it. */
export function together(names: readonly string[], textOf: (name: string) => string, isLinked: boolean): string;
