import * as z from 'zod';
import type { ChatBook } from '../core/notice/chat-book.ts';

/** `chats.json`, and what the chats answer. A newer format is not ours to read. */
const thread = z.object({ channel: z.string(), message: z.string(), more: z.array(z.string()), at: z.string(), cursor: z.string().optional() });
const book = z.object({
  format: z.literal(1),
  threads: z.record(z.string(), z.record(z.string(), thread)),
  cursors: z.record(z.string(), z.string()),
  read_at: z.record(z.string(), z.string()).optional(),
});

export function parseChatBook(value: unknown): ChatBook | undefined {
  return book.safeParse(value).data as ChatBook | undefined;
}

/** An id of a chat is a number or a text; in JSON both may be large. */
const id = z.union([z.string(), z.number()]).transform(String);

const slackMessage = z.object({
  ts: z.string(),
  user: z.string().optional(),
  bot_id: z.string().optional(),
  subtype: z.string().optional(),
  text: z.string().optional(),
});
const slackReplies = z.object({ ok: z.literal(true), messages: z.array(slackMessage) });
export type SlackMessage = z.infer<typeof slackMessage>;

export function parseSlackReplies(value: unknown): readonly SlackMessage[] | undefined {
  return slackReplies.safeParse(value).data?.messages;
}

const discordMessage = z.object({
  id,
  content: z.string(),
  author: z.object({ id, bot: z.boolean().optional() }),
  message_reference: z.object({ message_id: id.optional() }).nullish(),
  timestamp: z.string().optional(),
});
export type DiscordMessage = z.infer<typeof discordMessage>;

export function parseDiscordMessages(value: unknown): readonly DiscordMessage[] | undefined {
  return z.array(discordMessage).safeParse(value).data;
}

const telegramUpdate = z.object({
  update_id: z.number(),
  message: z
    .object({
      message_id: id,
      from: z.object({ id, is_bot: z.boolean().optional() }).optional(),
      chat: z.object({ id }),
      text: z.string().optional(),
      date: z.number().optional(),
      reply_to_message: z.object({ message_id: id }).optional(),
    })
    .optional(),
});
const telegramUpdates = z.object({ ok: z.literal(true), result: z.array(telegramUpdate) });
export type TelegramUpdate = z.infer<typeof telegramUpdate>;

export function parseTelegramUpdates(value: unknown): readonly TelegramUpdate[] | undefined {
  return telegramUpdates.safeParse(value).data?.result;
}
