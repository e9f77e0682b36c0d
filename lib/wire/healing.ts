import * as z from 'zod';
import type { HealBook } from '../core/heal/book.ts';

/** `healing.json`, as it is read again. A newer format is not ours to read. */
const ms = z.number().min(0);
const values = z.record(z.string(), z.string());

const fix = {
  n: z.number().int().min(1),
  incident_id: z.string(),
  fingerprint: z.string(),
  cadence: z.string(),
  detector: z.string(),
  source: z.string(),
  began_at: z.string(),
  applied_at: z.string().optional(),
  proven_at: z.string().optional(),
  verify_ms: ms,
  run_id: z.string(),
  description: z.string(),
  set: values.optional(),
  rung: z.number().int(),
  worker: z.string().optional(),
};
const openFix = z.looseObject({ ...fix, status: z.enum(['working', 'pending']) });
const endedFix = z.looseObject({ ...fix, status: z.enum(['kept', 'recurred', 'regressed', 'crashed']) });

const step = z.discriminatedUnion('kind', [
  z.looseObject({ kind: z.literal('none'), because: z.string() }),
  z.looseObject({ kind: z.literal('act'), act: z.enum(['retry', 'restart']), revives: z.boolean(), fix: openFix }),
  z.looseObject({ kind: z.literal('start'), fix: openFix, with: z.enum(['command', 'agent', 'session']), timeoutMs: ms }),
  z.looseObject({ kind: z.literal('hold'), how: z.enum(['pause', 'abort']), because: z.string() }),
  z.looseObject({ kind: z.literal('human'), because: z.string(), sinks: z.array(z.string()), isChronic: z.boolean() }),
]);

const print = z.looseObject({
  cadence: z.string(),
  incident_id: z.string(),
  seen_at: z.string(),
  failures: z.number().int().min(0),
  revived: z.number().int().min(0),
  rule_regressed: z.literal(true).optional(),
  regressions: z.number().int().min(0),
  agent_at: z.string().optional(),
  wall_ms: ms,
  kept_at: z.string().optional(),
  kept_source: z.string().optional(),
  kept_fix: endedFix.optional(),
  fixes: z.number().int().min(0),
  begun_at: z.string().optional(),
  fix: openFix.optional(),
  last_fix: z.string().optional(),
  last: z.looseObject({ run_id: z.string(), step, ended: endedFix.optional(), recurred: endedFix.optional() }).optional(),
});

const bookSchema = z.looseObject({
  format: z.literal(1),
  prints: z.record(z.string(), print),
  overlays: z.record(z.string(), z.looseObject({ values, since: z.string(), incident_id: z.string(), source: z.string() })),
  hours: z.record(z.string(), z.looseObject({ began: z.array(z.string()), capped_at: z.string().optional() })),
});

export function parseHealBook(value: unknown): HealBook | undefined {
  return bookSchema.safeParse(value).data as HealBook | undefined;
}
