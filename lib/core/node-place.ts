const MANAGERS: readonly (readonly [name: string, pattern: RegExp])[] = [
  ['nvm', /\/\.?nvm\/versions\//],
  ['volta', /\/\.volta\//],
  ['fnm', /\/(?:\.?fnm|fnm_multishells)\//],
  ['asdf', /\/\.asdf\/installs\//],
  ['mise', /\/mise\/installs\//],
];

/** Who keeps this Node in a folder that bears its version, and takes it away with the next one; undefined: nobody that we know. */
export function versionManagerOf(execPath: string): string | undefined {
  return MANAGERS.find(([, pattern]) => pattern.test(execPath))?.[0];
}

/** A folder that bears a version, whoever made it. */
export function isVersioned(execPath: string): boolean {
  return versionManagerOf(execPath) !== undefined || /\/Cellar\//.test(execPath);
}
