import * as z from 'zod';
import { isCadenceName } from '../core/tick.ts';
import { isIsoInstant } from '../core/time/instant.ts';

/** What may stand in a tick's file. Unknown fields are kept: they may belong to a newer version or to the handler. */
const instant = z.string().refine(isIsoInstant, 'is not an instant such as 2026-11-20T07:00:00Z');
export const tickSchema = z.looseObject({
  cadence: z.string().refine(isCadenceName, 'is not a cadence name'),
  source: z.string().max(200).optional(),
  enqueued_at: instant.optional(),
  key: z.string().min(1).max(200).optional(),
  slot: z.string().min(1).max(60).optional(),
  expires_at: instant.optional(),
  parent_run: z.string().max(60).optional(),
  force: z.boolean().optional(),
  depth: z.number().int().min(0).max(1000).optional(),
  /** Attempts are counted against it: what is no number there would make a tick immortal. */
  dead: z.looseObject({ attempts: z.number().int().min(0).max(999_999) }).optional(),
  /** In batches and in foreign files, whose names do not carry them. */
  id: z.unknown().optional(),
  due_at: instant.optional(),
});

/** Why it is no tick. undefined: it is one. */
export function tickFault(raw: unknown): string | undefined {
  const checked = tickSchema.safeParse(raw);
  if (checked.success) return undefined;
  const [issue] = checked.error.issues;
  return `${issue?.path.join('.') || 'it'} ${issue?.message ?? 'is wrong'}`;
}
