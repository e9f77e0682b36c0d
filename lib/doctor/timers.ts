import type { TimerState, TimerView } from '../core/slot/timer.ts';
import type { SchedulerKind } from '../core/time/schedule.ts';
import { type Check, fail, ok, warn } from './check.ts';
import { counted } from './wording.ts';

export interface TimersDeps {
  /** What was handed to launchd or systemd; `builtin`: nothing. */
  readonly scheduler: SchedulerKind;
  readonly list: () => Promise<readonly TimerView[]>;
  /** What bus.yaml says. */
  readonly wanted: () => SchedulerKind;
}

const INSTALL = 'cadence-bus install';
const BAD: readonly TimerState[] = ['disabled', 'failed', 'not_loaded', 'not_installed'];

/** Whether the owner, the watchman and each timer are in the hands of the system as they should be, by the system's own word. */
export function createTimersCheck({ scheduler, list, wanted }: TimersDeps): Check {
  return {
    id: 'timers',
    title: 'Timers',
    async inspect() {
      if (scheduler === 'builtin') {
        if (wanted() === 'builtin') return ok('the owner keeps the time itself, as long as somebody starts it');
        return fail(`bus.yaml says scheduler: ${wanted()}, and nothing is installed: every slot waits 90 s for a timer that does not come`, INSTALL);
      }
      const timers = await list();
      // A timer waits for its time; an owner that waits is one that nobody has.
      const bad = timers.filter(({ role, state }) => BAD.includes(state) || (role === 'owner' && state === 'idle'));
      if (bad.length > 0) return fail(bad.map(tell).join('\n'), INSTALL);
      const unsaid = timers.filter(({ state }) => state === 'unknown');
      if (unsaid.length > 0) return warn(unsaid.map(tell).join('\n'), 'cadence-bus install --list');
      if (wanted() !== scheduler) return warn(`bus.yaml says scheduler: ${wanted()}, and ${scheduler} has the timers`, 'cadence-bus uninstall');
      return ok(`${counted(timers.length, 'job')} of ${scheduler}: ${timers.map(({ name, state }) => `${name} ${state.toUpperCase()}`).join(', ')}`);
    },
  };
}

function tell({ name, state, because }: TimerView): string {
  return `${name} is ${state === 'unknown' ? state : state.toUpperCase()}${because === '' ? '' : `: ${because}`}`;
}
