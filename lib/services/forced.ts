import { CadenceError } from '../core/error.ts';
import { isForcedName, type TickName } from '../core/tick.ts';
import type { Queue } from '../ports.ts';

/**
 * Whether a tick that is named like a forced one is one: its text must say so too, for a file whose time was lost may bear
 * the same name. One small file is read, and only for such a name.
 */
export function createForcedLook(queue: Pick<Queue, 'peek'>): (name: TickName) => boolean {
  return (name) => {
    if (!isForcedName(name)) return false;
    try {
      return queue.peek(name.id)?.force === true;
    } catch (error) {
      // What cannot be read now forces nothing.
      if (error instanceof CadenceError) return false;
      throw error;
    }
  };
}
