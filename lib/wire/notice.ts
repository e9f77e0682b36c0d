import * as z from 'zod';
import { NOTICE_KINDS } from '../core/follow-up.ts';
import type { Delivery, Notice } from '../core/notice.ts';

/** The files of the outbox, as they are read again. A newer format is not ours to read. */
const address = z.string().min(1).max(2_000);
const variable = z.string().regex(/^[A-Za-z_][A-Za-z0-9_]*$/);
const sink = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('discord'), webhook_url_env: variable, username: z.string().optional() }),
  z.object({ kind: z.literal('telegram'), chat: z.string(), bot_token_env: variable, api_url: address.optional() }),
  z.object({
    kind: z.literal('slack'),
    webhook_url_env: variable.optional(),
    token_env: variable.optional(),
    channel: z.string().optional(),
    api_url: address.optional(),
  }),
  z.object({
    kind: z.literal('webhook'),
    url: address.optional(),
    url_env: variable.optional(),
    headers_env: z.record(z.string(), variable).optional(),
    allow_http: z.boolean().optional(),
  }),
]);

const noticeSchema = z.object({
  format: z.literal(1),
  key: z.string().min(1).max(200),
  kind: z.enum([...NOTICE_KINDS, 'test']),
  sink,
  run_id: z.string(),
  cadence: z.string(),
  status: z.string(),
  text: z.string(),
  created_at: z.string(),
  attempts: z.number().int().min(0),
  error: z.string().nullable(),
  facts: z.record(z.string(), z.union([z.string(), z.number(), z.null()])),
});

const deliverySchema = z.object({
  ts: z.string(),
  key: z.string(),
  sink: z.string(),
  run_id: z.string(),
  cadence: z.string(),
  ok: z.boolean(),
  status: z.enum(['delivered', 'dead']),
  attempts: z.number().int().min(0),
  error: z.string().optional(),
});

const failingSchema = z.object({ format: z.literal(1), failing: z.record(z.string(), z.object({ since: z.string(), run_id: z.string() })) });

export function parseNotice(value: unknown): Notice | undefined {
  return noticeSchema.safeParse(value).data as Notice | undefined;
}

export function parseDelivery(value: unknown): Delivery | undefined {
  return deliverySchema.safeParse(value).data as Delivery | undefined;
}

export function parseFailing(value: unknown): z.infer<typeof failingSchema> | undefined {
  return failingSchema.safeParse(value).data;
}
