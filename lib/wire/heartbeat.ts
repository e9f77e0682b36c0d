import * as z from 'zod';
import { LEVELS } from '../core/slot/lateness.ts';
import { parseIso } from '../core/time/instant.ts';
import type { WatchMemory } from '../core/watch/memory.ts';

const instant = z.string().refine((text) => parseIso(text) !== undefined);

const memorySchema = z.object({
  format: z.literal(1),
  at: instant,
  ok: z.boolean(),
  interval_ms: z.number().min(0),
  enabled: z.boolean(),
  because: z.string(),
  reloads: z.record(z.string(), instant),
  reload_history: z.record(z.string(), z.array(z.object({ at: instant, held: z.boolean().nullable() }))).optional(),
  told: z.record(z.string(), z.object({ level: z.enum(LEVELS), at: instant })),
  diagnosed: z.record(z.string(), instant),
  filed: z.record(z.string(), z.object({ since: instant, last: z.string() })).optional(),
}) satisfies z.ZodType<WatchMemory>;

export function parseWatchMemory(value: unknown): WatchMemory | undefined {
  return memorySchema.safeParse(value).data;
}
