import { userInfo } from 'node:os';
import type { World } from '../core/world.ts';
import { readMachine } from './machine.ts';

/** What this process sees, but for the claude that it would find. */
export function readWorld(): Omit<World, 'claude'> {
  const { env, home, zone } = readMachine();
  return {
    path: env.PATH ?? '',
    home,
    user: userName(),
    umask: process.umask().toString(8).padStart(4, '0'),
    folder: process.cwd(),
    node: process.execPath,
    timezone: zone,
    language: env.LC_ALL ?? env.LANG ?? '',
  };
}

/** A user may have a number and no name. */
function userName(): string {
  try {
    return userInfo().username;
  } catch (thrown) {
    if ((thrown as NodeJS.ErrnoException).code !== 'ERR_SYSTEM_ERROR') throw thrown;
    return String(process.getuid?.() ?? '');
  }
}
