import * as z from 'zod';
import type { AlertBook } from '../core/notice/alert-book.ts';
import { LEVELS } from '../core/slot/lateness.ts';

/** `alerts.json`, as it is read again. */
const memory = z.object({
  episode: z.string(),
  count: z.number().int().min(0),
  told_at: z.string(),
  level: z.enum(LEVELS),
  human_at: z.string().optional(),
  recovered: z.literal(true).optional(),
});
const line = z.object({
  kind: z.enum(['failure', 'reminder', 'recovery']),
  incident_id: z.string(),
  cadence: z.string(),
  title: z.string(),
});
const book = z.object({
  format: z.literal(1),
  told: z.record(z.string(), memory),
  storm: z.object({ window_at: z.string().optional(), told: z.number().int().min(0), held: z.array(line) }),
  digest_at: z.string().optional(),
});

export function parseAlertBook(value: unknown): AlertBook | undefined {
  return book.safeParse(value).data as AlertBook | undefined;
}
