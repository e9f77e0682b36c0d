import type { Reply } from '../core/notice/chat.ts';
import { type ChatBook, incidentOf, recentCursor } from '../core/notice/chat-book.ts';
import type { HttpAnswer } from '../core/notice/http.ts';
import type { Sink } from '../core/notice/sink.ts';
import { type Ms, parseIso } from '../core/time/instant.ts';
import type { Http } from '../ports.ts';
import { parseDiscordMessages, parseSlackReplies, parseTelegramUpdates } from '../wire/chat.ts';
import { type Answered, judgeStatus, type Verdict } from './message.ts';
import { slack } from './slack.ts';

/** The chats that can be read: by a bot, never by a webhook. */
export type ChatSink = Extract<Sink, { kind: 'slack' | 'discord' | 'telegram' }>;

/** What was found, in the order in which it was said, and how far that is. `trouble`: no answer that could be read. */
export type Found =
  | { readonly kind: 'replies'; readonly replies: readonly Reply[]; readonly cursor: string | undefined }
  | { readonly kind: 'trouble'; readonly verdict: Exclude<Verdict, { kind: 'delivered' }> };

export interface Asking {
  readonly http: Http;
  readonly secret: (name: string) => string;
  readonly signal: AbortSignal;
  readonly nowMs: Ms;
}

const WITHIN_MS: Ms = 10_000;
const PAGE = 100;
/** An answer in a thread that was sent to its channel as well. */
const BROADCAST = 'thread_broadcast';

export function canBeRead(sink: Sink): sink is ChatSink {
  if (sink.kind === 'slack') return sink.token_env !== undefined;
  return sink.kind === 'discord' ? sink.bot_token_env !== undefined : sink.kind === 'telegram';
}

/** The thread of one incident in Slack. `ts` of Slack is a time and an id. */
export async function readSlack(
  { http, secret, signal }: Asking,
  sink: Extract<Sink, { kind: 'slack' }>,
  incidentId: string,
  thread: { readonly channel: string; readonly message: string; readonly cursor?: string },
): Promise<Found> {
  const words = new URLSearchParams({ channel: thread.channel, ts: thread.message, oldest: thread.cursor ?? thread.message, limit: String(PAGE) });
  const url = `${(sink.api_url ?? 'https://slack.com/api').replace(/\/+$/, '')}/conversations.replies`;
  const headers = { authorization: `Bearer ${secret(sink.token_env ?? '')}`, 'content-type': 'application/x-www-form-urlencoded' };
  const answer = await http.post({ url, headers, body: words.toString(), timeoutMs: WITHIN_MS, allowHttp: false }, signal);
  // Somebody has deleted the message that it began with. The other threads are there, and are to be read.
  if (answer.kind === 'answer' && /"error"\s*:\s*"thread_not_found"/.test(answer.text)) return { kind: 'replies', replies: [], cursor: undefined };
  const answered = understood(answer, (one) => slack.judge(one));
  if (!('json' in answered)) return answered;
  const messages = parseSlackReplies(answered.json);
  if (messages === undefined) return garbage('Slack');
  const newer = messages.filter(({ ts }) => ts > (thread.cursor ?? thread.message));
  const people = newer.filter(({ user, bot_id, subtype }) => user !== undefined && bot_id === undefined && (subtype === undefined || subtype === BROADCAST));
  const replies = people.map(({ ts, user = '', text = '' }) => {
    return { id: ts, sender: user, text: unescaped(text), incident_id: incidentId, said_ms: inMs(Number(ts)) };
  });
  return {
    kind: 'replies',
    replies,
    cursor: newer
      .map(({ ts }) => ts)
      .sort()
      .at(-1),
  };
}

/** The channel of a Discord bot: what refers to a message of ours. */
export async function readDiscord(
  { http, secret, signal }: Asking,
  sink: Extract<Sink, { kind: 'discord' }>,
  book: ChatBook,
  sinkName: string,
): Promise<Found> {
  const cursor = book.cursors[sinkName] ?? oldestMessage(book, sinkName);
  const base = (sink.api_url ?? 'https://discord.com/api/v10').replace(/\/+$/, '');
  const url = `${base}/channels/${sink.channel}/messages?limit=${PAGE}${cursor === undefined ? '' : `&after=${encodeURIComponent(cursor)}`}`;
  const headers = { authorization: `Bot ${secret(sink.bot_token_env ?? '')}` };
  const answer = await http.post({ method: 'GET', url, headers, body: '', timeoutMs: WITHIN_MS, allowHttp: false }, signal);
  const answered = understood(answer, judgeStatus);
  if (!('json' in answered)) return answered;
  const messages = parseDiscordMessages(answered.json);
  if (messages === undefined) return garbage('Discord');
  const inOrder = [...messages].sort((a, b) => compareIds(a.id, b.id));
  const replies = inOrder.flatMap(({ id, content, author, message_reference: about, timestamp }) => {
    const incident = about?.message_id === undefined ? undefined : incidentOf(book, sinkName, sink.channel ?? '', about.message_id);
    return incident === undefined || author.bot === true ? [] : [{ id, sender: author.id, text: content, incident_id: incident, said_ms: parseIso(timestamp) }];
  });
  return { kind: 'replies', replies, cursor: inOrder.at(-1)?.id };
}

/**
 * What was said to a Telegram bot, in whatever chat: all its sinks have one stream. What has been read is told to Telegram
 * with the next question, and forgotten there, so whoever asks looks for the threads of each. After a quiet week Telegram
 * counts on from a number by chance, and what has a smaller one than it is told of is forgotten unread. It keeps nothing for
 * longer than a day, so an older number says nothing that it does not know.
 */
export async function readTelegram(
  { http, secret, signal, nowMs }: Asking,
  sink: Extract<Sink, { kind: 'telegram' }>,
  book: ChatBook,
  sinkNames: readonly string[],
): Promise<Found> {
  const last = sinkNames.map((name) => recentCursor(book, name, nowMs)).find((cursor) => cursor !== undefined);
  const url = `${(sink.api_url ?? 'https://api.telegram.org').replace(/\/+$/, '')}/bot${secret(sink.bot_token_env)}/getUpdates`;
  const content = { ...(last === undefined ? {} : { offset: Number(last) + 1 }), limit: PAGE, timeout: 0, allowed_updates: ['message'] };
  const headers = { 'content-type': 'application/json; charset=utf-8' };
  const answer = await http.post({ url, headers, body: JSON.stringify(content), timeoutMs: WITHIN_MS, allowHttp: false }, signal);
  const answered = understood(answer, judgeStatus);
  if (!('json' in answered)) return answered;
  const updates = parseTelegramUpdates(answered.json);
  if (updates === undefined) return garbage('Telegram');
  const inOrder = [...updates].sort((a, b) => a.update_id - b.update_id);
  const replies = inOrder.flatMap(({ update_id, message }) => {
    const about = message?.reply_to_message?.message_id;
    if (message?.from === undefined || message.from.is_bot === true || about === undefined) return [];
    const { chat, from, text = '', date } = message;
    const found = sinkNames.map((name) => ({ sink: name, incident_id: incidentOf(book, name, chat.id, about) }));
    return found.flatMap(({ sink: at, incident_id }) =>
      incident_id === undefined ? [] : [{ id: String(update_id), sender: from.id, text, incident_id, sink: at, said_ms: inMs(date) }],
    );
  });
  return { kind: 'replies', replies, cursor: inOrder.at(-1)?.update_id.toString() };
}

function understood(answer: HttpAnswer, judge: (answer: Answered) => Verdict): Extract<Found, { kind: 'trouble' }> | { readonly json: unknown } {
  if (answer.kind !== 'answer') return { kind: 'trouble', verdict: { kind: 'failed', because: answer.because } };
  const verdict = judge(answer);
  if (verdict.kind !== 'delivered') return { kind: 'trouble', verdict };
  try {
    return { json: JSON.parse(answer.text) };
  } catch (error) {
    if (error instanceof SyntaxError) return garbage('it');
    throw error;
  }
}

function garbage(who: string): Extract<Found, { kind: 'trouble' }> {
  return { kind: 'trouble', verdict: { kind: 'failed', because: `what ${who} answered could not be read` } };
}

function inMs(seconds: number | undefined): Ms | undefined {
  return seconds === undefined || !Number.isFinite(seconds) ? undefined : Math.floor(seconds * 1000);
}

function unescaped(text: string): string {
  return text.replaceAll('&lt;', '<').replaceAll('&gt;', '>').replaceAll('&amp;', '&');
}

/** Ids of Discord are numbers too large for one: the longer is the later. */
function compareIds(a: string, b: string): number {
  return a.length === b.length ? (a < b ? -1 : a > b ? 1 : 0) : a.length - b.length;
}

function oldestMessage(book: ChatBook, sinkName: string): string | undefined {
  return Object.values(book.threads[sinkName] ?? {})
    .map(({ message }) => message)
    .sort(compareIds)[0];
}
