import { variantsOf } from './agent/slot.ts';
import { isBuiltin } from './builtin.ts';
import type { Cadence } from './cadence.ts';
import { accountKey, type Holds, keysOf } from './holds.ts';

/** Who is there to be held. */
export interface Users {
  readonly isCadence: (name: string) => boolean;
  /** Keys of accounts and agents that some cadence uses; undefined: not every definition could be read, so nobody knows. */
  readonly shared: ReadonlySet<string> | undefined;
}

/** `definitions`: what they define; undefined for one that is broken. */
export function usersOf(definitions: readonly { readonly cadence: Cadence | undefined }[], isCadence: Users['isCadence']): Users {
  const cadences = definitions.flatMap(({ cadence }) => cadence ?? []);
  const keys = [...cadences.flatMap(variantsOf).flatMap((one) => keysOf(one).slice(1)), ...cadences.flatMap(keysOfHealers)];
  return { isCadence, shared: cadences.length === definitions.length ? new Set(keys) : undefined };
}

/** Who mends a cadence has an account too, which no other may use. */
function keysOfHealers({ ladder }: Cadence): readonly string[] {
  const agents = ladder === undefined ? [] : [ladder.diagnose, ...ladder.rungs.map(({ action }) => (action.kind === 'agent' ? action : undefined))];
  return agents.flatMap((agent) => (agent?.account === undefined ? [] : [accountKey(agent.account)]));
}

/** Nobody waits for this key, so nobody would ever free it. Of kinds of keys that we do not know nothing is said. */
export function isStale(key: string, { isCadence, shared }: Users): boolean {
  const name = key.slice(key.indexOf(':') + 1);
  if (key.startsWith('cadence:')) return !isBuiltin(name) && !isCadence(name);
  return shared !== undefined && /^(?:account|provider):/.test(key) && !shared.has(key);
}

export function staleKeys({ breakers, paused }: Holds, users: Users): readonly string[] {
  return [...new Set([...Object.keys(breakers), ...Object.keys(paused)])].filter((key) => isStale(key, users)).sort();
}

/** Neither open nor paused any more. */
export function holdsForgotten(holds: Holds, keys: readonly string[]): Holds {
  const kept = <T>(record: Readonly<Record<string, T>>): Record<string, T> => Object.fromEntries(Object.entries(record).filter(([key]) => !keys.includes(key)));
  return { ...holds, breakers: kept(holds.breakers), paused: kept(holds.paused), ...(holds.probes === undefined ? {} : { probes: kept(holds.probes) }) };
}
