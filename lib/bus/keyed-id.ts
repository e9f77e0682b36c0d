import { slotKey } from '../core/slot/slot.ts';
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

const HALF = 6;
const HALVES = 36 ** HALF;
/** No multiple of 2 or 3: no two lines of a batch get the same halves. */
const STEPS = [1_540_863_727, 1_013_904_223] as const;

/**
 * The id of a line that names none, for whoever reads the batch: as many steps from that of the batch, in both its halves,
 * as there are lines before it. There may be a million of them, and a hash of each would cost as much as to read it.
 */
export function lineId(batchId: string, line: number): string {
  const half = (n: 0 | 1): string =>
    ((Number.parseInt(batchId.slice(n * HALF, (n + 1) * HALF), 36) + (line + 1) * STEPS[n]) % HALVES).toString(36).padStart(HALF, '0');
  return half(0) + half(1);
}
