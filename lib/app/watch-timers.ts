import { CadenceError } from '../core/error.ts';
import type { Timers } from '../core/timer.ts';

/** Where no manager of the system holds anything of ours. */
export function noTimers(): Timers {
  const refuse = async (): Promise<void> => {
    throw new CadenceError('not_found', 'nothing is installed', 'See cadence-bus install.');
  };
  return { scheduler: 'builtin', list: async () => [], reload: refuse, startOwner: refuse };
}
