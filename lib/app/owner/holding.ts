import { toIso } from '../../core/time/instant.ts';
import type { OwnerParts } from '../compose.ts';

/** Why the next tick of a cadence does not run now, as the gate says it. */
export interface Holding {
  readonly cadence: string;
  /** The rule (`core/gate.ts`); `not-served`: this owner is there for another cadence. */
  readonly cause: string;
  readonly because: string;
  readonly until: string | null;
  /** Of the breaker that holds it; null: none does. */
  readonly key: string | null;
}

/** Of every cadence with pending ticks that may not start. Only the owner knows what is busy, full or taken. */
export function holdingOf({ queue, definitions, gatekeeper }: OwnerParts, serves: (cadence: string) => boolean): readonly Holding[] {
  return [...queue.cadences()].flatMap((cadence): readonly Holding[] => {
    const [head, definition] = [queue.head(cadence), definitions.get(cadence)];
    if (head === undefined || definition === undefined) return [];
    if (!serves(cadence))
      return [{ cadence, cause: 'not-served', because: 'the owner there is now runs one other cadence only, and ends with it', until: null, key: null }];
    const verdict = gatekeeper.verdict(head.name, gatekeeper.choose(definition));
    if (verdict.kind !== 'hold') return [];
    const { cause, because, untilMs, key = null } = verdict;
    return [{ cadence, cause, because, until: untilMs === undefined ? null : toIso(untilMs), key }];
  });
}

/** What stands in no file: holds, pauses, halts and budgets are told where those are. An owner of an earlier version names no key. */
export function isUntold({ cause, key }: Partial<Pick<Holding, 'key'>> & Pick<Holding, 'cause'>): boolean {
  return !['halt', 'pause', 'budget'].includes(cause) && (key ?? null) === null;
}

export function describeHolding({ cause, because, until }: Holding): string {
  if (cause === 'due') return `its time comes at ${until}`;
  return until === null ? because : `${because} until ${until}`;
}
