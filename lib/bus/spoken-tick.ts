import { isCadenceName } from '../core/tick.ts';

/** What a tick says of itself, as far as a reader needs it; to check it whole, the schemas would have to be loaded. */
export interface SpokenTick {
  readonly cadence: string;
  readonly id?: unknown;
  readonly due_at?: unknown;
  readonly key?: string;
  readonly slot?: string;
}

/** undefined: it is none; the owner buries it when it comes to it. */
export function readSpokenTick(text: string): SpokenTick | undefined {
  if (text.trim() === '') return undefined;
  try {
    const value: unknown = JSON.parse(text.startsWith('\uFEFF') ? text.slice(1) : text);
    const tick = (typeof value === 'object' && value !== null ? value : {}) as Record<keyof SpokenTick, unknown>;
    if (typeof tick.cadence !== 'string' || !isCadenceName(tick.cadence)) return undefined;
    const words = { ...(typeof tick.key === 'string' ? { key: tick.key } : {}), ...(typeof tick.slot === 'string' ? { slot: tick.slot } : {}) };
    return { cadence: tick.cadence, id: tick.id, due_at: tick.due_at, ...words };
  } catch (error) {
    // A nesting may be too deep to be read.
    if (error instanceof SyntaxError || error instanceof RangeError) return undefined;
    throw error;
  }
}
