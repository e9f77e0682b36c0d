import * as z from 'zod';
import { NOTICE_KINDS } from '../core/notice/follow-up.ts';
import { type Delivery, type Notice, OWN_KINDS } from '../core/notice/notice.ts';
import { LEVELS } from '../core/slot/lateness.ts';

/** The files of the outbox, as they are read again. A newer format is not ours to read. */
const address = z.string().min(1).max(2_000);
const variable = z.string().regex(/^[A-Za-z_][A-Za-z0-9_]*$/);
const sink = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('log') }),
  z.object({ kind: z.literal('macos'), buttons: z.boolean().optional() }),
  z.object({
    kind: z.literal('discord'),
    webhook_url_env: variable.optional(),
    username: z.string().optional(),
    bot_token_env: variable.optional(),
    channel: z
      .string()
      .regex(/^\d{1,20}$/)
      .optional(),
    api_url: address.optional(),
  }),
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
    allow_link_local: z.boolean().optional(),
  }),
  z.object({
    kind: z.literal('ntfy'),
    topic: z.string().optional(),
    topic_env: variable.optional(),
    server: address.optional(),
    token_env: variable.optional(),
  }),
  z.object({ kind: z.literal('shell'), name: z.string().regex(/^[a-z0-9-]{1,40}$/) }),
  // A word that begins with a dash would be an option of sendmail.
  z.object({
    kind: z.literal('email'),
    to: z.array(z.string().regex(/^[^\s-][^\s]*$/)).min(1),
    from: z
      .string()
      .regex(/^[^\s-][^\s]*$/)
      .optional(),
  }),
]);

const noticeSchema = z.object({
  format: z.literal(1),
  key: z.string().min(1).max(200),
  kind: z.enum([...NOTICE_KINDS, ...OWN_KINDS]),
  sink,
  run_id: z.string(),
  cadence: z.string(),
  status: z.string(),
  text: z.string(),
  created_at: z.string(),
  attempts: z.number().int().min(0),
  error: z.string().nullable(),
  title: z.string().optional(),
  level: z.enum(LEVELS).optional(),
  incident_id: z.string().max(200).optional(),
  sending: z.string().optional(),
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

export function parseNotice(value: unknown): Notice | undefined {
  return noticeSchema.safeParse(value).data as Notice | undefined;
}

export function parseDelivery(value: unknown): Delivery | undefined {
  return deliverySchema.safeParse(value).data as Delivery | undefined;
}
