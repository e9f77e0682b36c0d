import { syncTimer } from '../app/install/timer-sync.ts';
import { CadenceError } from '../core/error.ts';
import type { TimerView } from '../core/slot/timer.ts';
import type { CommandContext } from './command.ts';

/** Where timers are installed, that of a cadence follows its definition; where it cannot, the owner keeps the time, and that is said. */
export async function followTimer({ out, flags }: CommandContext, root: string, name: string): Promise<{ readonly timer: TimerView | null }> {
  if (flags.has('dry-run')) return { timer: null };
  try {
    return { timer: (await syncTimer(root, name)) ?? null };
  } catch (error) {
    if (!(error instanceof CadenceError)) throw error;
    out.note(`${out.paint.yellow('!')} its timer is not in step: ${error.message}. The owner keeps the time meanwhile; to mend it: cadence-bus install`);
    return { timer: null };
  }
}
