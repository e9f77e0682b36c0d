import { type Ms, parseIso, toIso } from '../time/instant.ts';

/** Where the thread of each incident is in each chat, and how far its answers have been read. Names on disk, so snake_case. */
export interface ChatBook {
  readonly format: 1;
  /** By sink, then by incident. */
  readonly threads: Readonly<Record<string, Readonly<Record<string, ChatThread>>>>;
  /** By sink: what was read last, where a chat is read as a whole. */
  readonly cursors: Readonly<Record<string, string>>;
  /** By sink: when that was. */
  readonly read_at?: Readonly<Record<string, string>>;
}

export interface ChatThread {
  readonly channel: string;
  /** The first message of the incident there. */
  readonly message: string;
  /** What was sent later, which may be answered as well; the newest. */
  readonly more: readonly string[];
  readonly at: string;
  /** What was read last, where each thread is read by itself. */
  readonly cursor?: string;
}

export const NO_CHATS: ChatBook = { format: 1, threads: {}, cursors: {} };

const KEPT_MS: Ms = 30 * 86_400_000;
const MOST_MESSAGES = 50;

/** A message about an incident has arrived. */
export function withMessage(
  book: ChatBook,
  sink: string,
  incidentId: string,
  { channel, id }: { readonly channel: string; readonly id: string },
  nowMs: Ms,
): ChatBook {
  const kept = Object.entries(book.threads[sink] ?? {}).filter(([, { at }]) => nowMs - (parseIso(at) ?? 0) < KEPT_MS);
  const before = Object.fromEntries(kept)[incidentId];
  const thread: ChatThread =
    before === undefined || before.channel !== channel
      ? { channel, message: id, more: [], at: toIso(nowMs) }
      : { ...before, more: [...before.more.filter((one) => one !== id), id].slice(-MOST_MESSAGES), at: toIso(nowMs) };
  return { ...book, threads: { ...book.threads, [sink]: { ...Object.fromEntries(kept), [incidentId]: thread } } };
}

export function withThreadCursor(book: ChatBook, sink: string, incidentId: string, cursor: string): ChatBook {
  const thread = book.threads[sink]?.[incidentId];
  if (thread === undefined) return book;
  return { ...book, threads: { ...book.threads, [sink]: { ...book.threads[sink], [incidentId]: { ...thread, cursor } } } };
}

/** So far these sinks have been read, which are read as one. */
export function withCursor(book: ChatBook, sinks: readonly string[], cursor: string, nowMs: Ms): ChatBook {
  const each = (value: string): Readonly<Record<string, string>> => Object.fromEntries(sinks.map((sink) => [sink, value]));
  return { ...book, cursors: { ...book.cursors, ...each(cursor) }, read_at: { ...book.read_at, ...each(toIso(nowMs)) } };
}

const RECENT_MS: Ms = 86_400_000;

/** What was read last, if that was within a day. */
export function recentCursor(book: ChatBook, sink: string, nowMs: Ms): string | undefined {
  const readMs = parseIso(book.read_at?.[sink]);
  return readMs !== undefined && nowMs - readMs < RECENT_MS ? book.cursors[sink] : undefined;
}

/** Whose thread a message is an answer in. */
export function incidentOf(book: ChatBook, sink: string, channel: string, message: string): string | undefined {
  const found = Object.entries(book.threads[sink] ?? {}).find(
    ([, thread]) => thread.channel === channel && (thread.message === message || thread.more.includes(message)),
  );
  return found?.[0];
}
