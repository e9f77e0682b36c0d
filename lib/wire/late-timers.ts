import * as z from 'zod';
import type { LateTimers } from '../core/slot/late-timers.ts';

const lateTimersSchema = z.object({
  format: z.literal(1),
  late: z.record(z.string(), z.object({ since: z.string(), slots: z.number().int().min(1) })),
}) satisfies z.ZodType<LateTimers>;

export function parseLateTimers(value: unknown): LateTimers | undefined {
  return lateTimersSchema.safeParse(value).data;
}
