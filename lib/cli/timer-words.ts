import type { TimerView } from '../core/slot/timer.ts';
import type { Paint } from './command.ts';

const BAD: readonly TimerView['state'][] = ['failed', 'disabled', 'not_loaded', 'not_installed'];

export function stateWord({ state }: TimerView, paint: Paint): string {
  const word = state.toUpperCase();
  if (state === 'unknown') return paint.yellow('unknown');
  return BAD.includes(state) ? paint.red(word) : paint.green(word);
}
