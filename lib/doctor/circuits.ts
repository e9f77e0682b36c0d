import type { CircuitEntry, CircuitView } from '../core/circuit-view.ts';
import { parseIso } from '../core/time/instant.ts';
import type { Clock } from '../ports.ts';
import { type Check, ok, warn } from './check.ts';
import type { StateFile } from './state-file.ts';
import { counted, listed } from './wording.ts';

export interface CircuitsDeps {
  readonly clock: Pick<Clock, 'nowMs'>;
  readonly circuit: () => StateFile<CircuitView>;
  readonly isOwned: () => Promise<boolean>;
}

/** What `circuit-open.json` says. Without an owner nobody probes, and an opening outlives its end unseen. */
export function createCircuitsCheck({ clock, circuit, isOwned }: CircuitsDeps): Check {
  return {
    id: 'circuits',
    title: 'Circuits',
    async inspect() {
      const view = circuit();
      if (view.kind === 'absent') return ok('none is open');
      if (view.kind === 'broken') return ok('what is open cannot be read there');
      const { open, accounts, providers = {} } = view.value;
      const named = (kind: string, found: typeof open) => Object.entries(found).map(([name, entry]) => [`${kind} ${name}`, entry] as const);
      const entries = [...Object.entries(open), ...named('account', accounts), ...named('agent', providers)];
      if (entries.length === 0) return ok('none is open');
      const told = listed(entries.map(([name, entry]) => describe(name, entry)));
      const over = entries.filter(([, { open_until }]) => (parseIso(open_until) ?? 0) <= clock.nowMs());
      if (over.length === 0 || (await isOwned())) return warn(told, 'cadence-bus breaker ls');
      return warn(`${told}; of ${counted(over.length, 'circuit')} the time is over and nobody probes: the next start does`, 'cadence-bus start');
    },
  };
}

function describe(name: string, { state, failures, open_until, reason }: CircuitEntry): string {
  // It is half open since then, and until its probe has ended; what is isolated has no end.
  const time = state !== 'open' ? '' : ` until ${open_until}`;
  return `${name} is ${state.replace('_', ' ')}${time} after ${counted(failures, 'failure')} (${reason})`;
}
