let loaded: typeof import('node:crypto') | undefined;

/** It takes longer to load than a short command takes to answer, and most of them need nothing of it. */
export function cryptography(): typeof import('node:crypto') {
  loaded ??= process.getBuiltinModule('node:crypto');
  return loaded;
}
