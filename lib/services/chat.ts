import { chatCadence } from '../core/builtin.ts';
import { type Incident, isOpen } from '../core/incident/incident.ts';
import { type ChatOrder, heardText, orderOf, parseChatOrder, type Reply, tooOld } from '../core/notice/chat.ts';
import { type ChatBook, NO_CHATS, withCursor, withMessage, withThreadCursor } from '../core/notice/chat-book.ts';
import { type Sink, sinkId } from '../core/notice/sink.ts';
import type { Outcome } from '../core/outcome.ts';
import { CONTROL_CADENCE } from '../core/tick.ts';
import { type Ms, toIso } from '../core/time/instant.ts';
import type { Clock, Doc, Ids, Incidents, Journal, Queue } from '../ports.ts';
import type { NoticeDesk } from './notice-desk.ts';

/**
 * Orders from a chat: answers in the thread of an incident, from those whom `chat:` in bus.yaml names. A chat is asked
 * soon after something was told there, and every five minutes while an incident is open. What is an order becomes a
 * control tick with the message's id for a key, and only then is the message behind us: a death in between has it read
 * again, and the same key is the same tick.
 */
export interface Chat {
  /** Puts ticks for the chats that are to be asked; answers when the next one is. */
  poll(): Ms | undefined;
  /** Reads one chat: the work of `bus-chat-<sink>`. */
  read(cadence: string, signal: AbortSignal): Promise<Outcome>;
  /** What became of an order; one that was given here and came to nothing is answered. */
  carriedOut(payload: unknown, outcome: Outcome): void;
  /** Something about an incident has arrived in a chat. */
  arrived(sink: Sink, incidentId: string, message: { readonly channel: string; readonly id: string }): void;
  /** Where notices of an incident stand in a chat. */
  threadOf(sink: Sink, incidentId: string): { readonly channel: string; readonly message: string } | undefined;
}

/** What one look at a chat found. */
export type Look =
  | { readonly kind: 'replies'; readonly replies: readonly Reply[]; readonly cursor: string | undefined }
  | { readonly kind: 'later'; readonly delayMs: Ms; readonly because: string }
  | { readonly kind: 'failed'; readonly because: string };

export interface ChatDeps {
  readonly clock: Pick<Clock, 'nowMs'>;
  readonly ids: Pick<Ids, 'keyed' | 'fresh'>;
  readonly queue: Pick<Queue, 'put' | 'head'>;
  readonly journal: Pick<Journal, 'emit'>;
  readonly incidents: Pick<Incidents, 'get' | 'open'>;
  readonly book: Doc<ChatBook>;
  readonly desk: NoticeDesk;
  /** The sinks that can be read, and who may give orders there. Nobody: it is not read. */
  readonly chats: () => readonly { readonly sink: Sink; readonly allow: readonly string[] }[];
  /** `incidentId` is given where each thread is read by itself; `together`: the names of the sinks that are read at once with this one. */
  readonly look: (sink: Sink, book: ChatBook, incidentId: string, signal: AbortSignal, together: readonly string[]) => Promise<Look>;
  readonly hasEnded: (tickId: string) => boolean;
  /** It may have been removed, or renamed, since. */
  readonly isCadence: (name: string) => boolean;
  readonly wake: () => void;
}

/** A bot of Telegram has one stream for all its chats, and forgets there what any of them has read. */
function isReadWith(sink: Sink, other: Sink): boolean {
  if (sink.kind !== 'telegram' || other.kind !== 'telegram') return sinkId(sink) === sinkId(other);
  return sink.bot_token_env === other.bot_token_env && sink.api_url === other.api_url;
}

const SOON_MS: Ms = 60_000;
const EVERY_MS: Ms = 5 * 60_000;

export function createChat(deps: ChatDeps): Chat {
  const { clock, ids, queue, journal, incidents } = deps;
  const askedMs = new Map<string, Ms>();
  const soonMs = new Map<string, Ms>();
  let known: ChatBook | undefined;
  const book = (): ChatBook => {
    known ??= deps.book.read() ?? NO_CHATS;
    return known;
  };
  const write = (next: ChatBook): void => {
    deps.book.write(next);
    known = next;
  };

  function openThreads(name: string): readonly string[] {
    return Object.keys(book().threads[name] ?? {}).filter((id) => {
      const incident = incidents.get(id);
      return incident !== undefined && isOpen(incident);
    });
  }

  function dueMs(name: string): Ms | undefined {
    if (openThreads(name).length === 0) return undefined;
    // Whoever was the owner before may have asked a moment ago.
    const asked = askedMs.get(name) ?? clock.nowMs() - EVERY_MS + SOON_MS;
    askedMs.set(name, asked);
    return Math.min(asked + EVERY_MS, soonMs.get(name) ?? Number.POSITIVE_INFINITY);
  }

  function isForGone({ word }: ChatOrder, cadence: string): boolean {
    return (word === 'pause' || word === 'resume' || word === 'set') && !deps.isCadence(cadence);
  }

  /** Obeyed once, whoever reads it again. `dueMs`: before what was said after it, for the last word holds. */
  function obey(name: string, sink: Sink, allow: readonly string[], reply: Reply, dueMs: Ms): void {
    const order = parseChatOrder(reply.text);
    const incident = incidents.get(reply.incident_id);
    if (order === undefined || incident === undefined) return;
    const about = { cadence: incident.cadence, incident: incident.id, sink: name, sender: reply.sender, word: order.word };
    if (!allow.includes(reply.sender)) {
      journal.emit({ level: 'warn', stage: 'chat_refused', ...about, because: `${reply.sender} may not give orders here` });
      return;
    }
    const nowMs = clock.nowMs();
    const because = isForGone(order, incident.cadence) ? `there is no cadence ${incident.cadence} any more.` : tooOld(order, incident, reply.said_ms, nowMs);
    if (because !== undefined) {
      journal.emit({ level: 'warn', stage: 'chat_refused', ...about, because });
      answer(sink, name, incident, { kind: 'old', id: reply.id }, `Not done: ${because}`);
      return;
    }
    const key = `chat:${name}:${reply.id}`;
    const given = { sink: name, incident_id: incident.id, id: reply.id };
    const payload = { ...orderOf(order, incident, `${sink.kind}:${reply.sender}`, key), given };
    const id = ids.keyed('key', CONTROL_CADENCE, key);
    if (!deps.hasEnded(id))
      queue.put({ dueMs, cadence: CONTROL_CADENCE, id, attempts: 0 }, { cadence: CONTROL_CADENCE, source: 'chat', enqueued_at: toIso(nowMs), payload, key });
    journal.emit({ level: 'info', stage: 'order', ...about });
    answer(sink, name, incident, { kind: 'heard', id: reply.id }, heardText(order, incident));
    deps.wake();
  }

  function answer(sink: Sink, name: string, incident: Incident, { kind, id }: { readonly kind: string; readonly id: string }, text: string): void {
    const about = { run_id: incident.run_ids.at(-1) ?? '', cadence: incident.cadence, status: 'ordered', incident_id: incident.id };
    deps.desk.put(sink, { key: `chat-${ids.keyed(kind, name, id)}.${name}`.slice(0, 200), kind: 'answer', ...about, text, facts: {} });
  }

  async function readOne(name: string, sink: Sink, allow: readonly string[], incidentId: string, signal: AbortSignal): Promise<Outcome | number> {
    const together = deps.chats().filter((one) => isReadWith(sink, one.sink));
    const names = together.map((one) => sinkId(one.sink));
    const before = book().cursors[name];
    const found = await deps.look(sink, book(), incidentId, signal, names);
    if (signal.aborted) return { kind: 'interrupted', by: 'operator', reason: 'the owner stops' };
    if (found.kind === 'later') return { kind: 'defer', delayMs: found.delayMs, reason: found.because };
    if (found.kind === 'failed') return { kind: 'fail', blame: 'cadence', reason: found.because };
    // Another chat of the same bot was read meanwhile; what it has not seen is told again with the next question.
    if (before !== book().cursors[name]) return 0;
    const firstMs = clock.nowMs() - found.replies.length;
    for (const [n, reply] of found.replies.entries()) {
      const at = together.find((one) => sinkId(one.sink) === reply.sink);
      if (at === undefined) obey(name, sink, allow, reply, firstMs + n);
      else obey(sinkId(at.sink), at.sink, at.allow, reply, firstMs + n);
    }
    if (found.cursor !== undefined) {
      const isByThread = sink.kind === 'slack';
      write(isByThread ? withThreadCursor(book(), name, incidentId, found.cursor) : withCursor(book(), names, found.cursor, clock.nowMs()));
    }
    return found.replies.length;
  }

  return {
    poll() {
      // A broken book is set aside at once, also where nobody gives orders.
      book();
      const nowMs = clock.nowMs();
      const next: Ms[] = [];
      for (const { sink } of deps.chats()) {
        const name = sinkId(sink);
        const cadence = chatCadence(name);
        const atMs = dueMs(name);
        if (atMs === undefined) continue;
        if (atMs > nowMs) {
          next.push(atMs);
          continue;
        }
        askedMs.set(name, nowMs);
        soonMs.delete(name);
        next.push(nowMs + EVERY_MS);
        if (queue.head(cadence) === undefined)
          queue.put({ dueMs: nowMs, cadence, id: ids.fresh(), attempts: 0 }, { cadence, source: 'chat', enqueued_at: toIso(nowMs) });
        deps.wake();
      }
      return next.length === 0 ? undefined : Math.min(...next);
    },
    async read(cadence, signal) {
      const chat = deps.chats().find(({ sink }) => chatCadence(sinkId(sink)) === cadence);
      if (chat === undefined) return { kind: 'skip', reason: 'nobody may give orders there any more' };
      const { sink, allow } = chat;
      const name = sinkId(sink);
      const threads = openThreads(name);
      if (threads.length === 0) return { kind: 'skip', reason: 'nothing is open there' };
      let count = 0;
      for (const incidentId of sink.kind === 'slack' ? threads : threads.slice(0, 1)) {
        const answered = await readOne(name, sink, allow, incidentId, signal);
        if (typeof answered !== 'number') return answered;
        count += answered;
      }
      return count === 0 ? { kind: 'skip', reason: 'nobody has answered' } : { kind: 'ok', summary: count === 1 ? '1 answer' : `${count} answers` };
    },
    carriedOut(payload, outcome) {
      const { given } = (payload ?? {}) as { readonly given?: Readonly<Record<string, unknown>> };
      if (outcome.kind !== 'skip' || typeof given?.incident_id !== 'string' || typeof given.id !== 'string') return;
      const chat = deps.chats().find(({ sink }) => sinkId(sink) === given.sink);
      const incident = incidents.get(given.incident_id);
      if (chat === undefined || incident === undefined) return;
      answer(chat.sink, sinkId(chat.sink), incident, { kind: 'undone', id: given.id }, `Not done: ${outcome.reason}`);
    },
    arrived(sink, incidentId, message) {
      const name = sinkId(sink);
      write(withMessage(book(), name, incidentId, message, clock.nowMs()));
      soonMs.set(name, clock.nowMs() + SOON_MS);
      deps.wake();
    },
    threadOf(sink, incidentId) {
      const thread = book().threads[sinkId(sink)]?.[incidentId];
      return thread === undefined ? undefined : { channel: thread.channel, message: thread.message };
    },
  };
}
