import { resolve } from 'node:path';

/** `~` is the home folder; what is relative starts at `base`. */
export function absolutePath(given: string, base: string, home: string): string {
  if (given === '~') return home;
  return given.startsWith('~/') ? resolve(home, given.slice(2)) : resolve(base, given);
}
