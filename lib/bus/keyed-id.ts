import { slotKey } from '../core/slot.ts';
import type { Ids } from '../ports.ts';

interface Keyed {
  readonly cadence: string;
  readonly key?: string;
  readonly slot?: string;
}

export function isKeyed({ key, slot }: Keyed): boolean {
  return key !== undefined || slot !== undefined;
}

/** The id that a key or a slot gives, which is the same for everybody who asks for it. */
export function keyedId(ids: Pick<Ids, 'keyed'>, tick: Keyed): string | undefined {
  if (tick.key !== undefined) return ids.keyed('key', tick.cadence, tick.key);
  return tick.slot === undefined ? undefined : ids.keyed('slot', tick.cadence, slotKey(tick.slot));
}

/** The id of a line that names none, for whoever reads the batch. */
export function lineId(ids: Pick<Ids, 'keyed'>, batchId: string, line: number): string {
  return ids.keyed('line', batchId, String(line));
}
