import { chatCadence } from '../../core/builtin.ts';
import type { ChatBook } from '../../core/notice/chat-book.ts';
import { mergeNotify } from '../../core/notice/policy.ts';
import { type Sink, secretNames, sinkId } from '../../core/notice/sink.ts';
import { createDoc } from '../../doc.ts';
import { type Asking, type ChatSink, canBeRead, type Found, readDiscord, readSlack, readTelegram } from '../../notify/replies.ts';
import { createHttp } from '../../platform/http.ts';
import type { Http, Incidents, Job, Queue, Runner, StopSignal } from '../../ports.ts';
import { type Chat, createChat, type Look } from '../../services/chat.ts';
import type { NoticeDesk } from '../../services/notice-desk.ts';
import { parseChatBook } from '../../wire/chat.ts';
import type { Storage } from '../storage.ts';

interface Parts {
  readonly queue: Queue;
  readonly incidents: Incidents;
  readonly desk: NoticeDesk;
  readonly http: Http | undefined;
  readonly serves: (cadence: string) => boolean;
  readonly hasEnded: (tickId: string) => boolean;
  readonly redact: (text: string, names: readonly string[]) => string;
  readonly wake: () => void;
  readonly onBroken: (path: string) => void;
}

/** Orders from chats, for one owner. */
export function composeChat(storage: Storage, parts: Parts): Chat {
  const { clock, files, paths, ids, journal, definitions, machine } = storage;
  const { http = createHttp(), redact, onBroken, serves, ...shared } = parts;
  const book = createDoc({ files, clock, path: paths.chats, parse: parseChatBook, onBroken });

  /** Once by its name, however many cadences write there. */
  function chats(): readonly { readonly sink: Sink; readonly allow: readonly string[] }[] {
    const { chat: senders, notify } = definitions.settings();
    if (senders === undefined) return [];
    const all = [mergeNotify(notify, undefined), ...definitions.all().map(({ cadence }) => mergeNotify(notify, cadence?.followUps?.notify))];
    const readable = new Map<string, Sink>();
    for (const { sinks } of all) for (const sink of sinks) if (canBeRead(sink) && serves(chatCadence(sinkId(sink)))) readable.set(sinkId(sink), sink);
    return [...readable.values()].flatMap((sink) => {
      const allow = (canBeRead(sink) ? senders[sink.kind] : undefined) ?? [];
      return allow.length === 0 ? [] : [{ sink, allow }];
    });
  }

  async function look(sink: Sink, now: ChatBook, incidentId: string, signal: AbortSignal, together: readonly string[]): Promise<Look> {
    const secret = (name: string): string => (machine.env[name] ?? '').trim();
    const unset = secretNames(sink).filter((name) => secret(name) === '');
    if (unset.length > 0) return { kind: 'failed', because: `${unset.join(', ')} is not set in the owner's environment` };
    const found = await lookAt({ http, secret, signal, nowMs: clock.nowMs() }, sink as ChatSink, now, incidentId, together);
    if (found.kind === 'replies') return found;
    const because = redact(found.verdict.because, secretNames(sink)).slice(0, 300);
    return found.verdict.kind === 'later' ? { kind: 'later', delayMs: found.verdict.delayMs, because } : { kind: 'failed', because };
  }

  const isCadence = (name: string): boolean => definitions.get(name) !== undefined;
  return createChat({ clock, ids, journal, book, ...shared, isCadence, chats, look });
}

async function lookAt(asking: Asking, sink: ChatSink, book: ChatBook, incidentId: string, together: readonly string[]): Promise<Found> {
  const name = sinkId(sink);
  switch (sink.kind) {
    case 'slack': {
      const thread = book.threads[name]?.[incidentId];
      return thread === undefined ? { kind: 'replies', replies: [], cursor: undefined } : readSlack(asking, sink, incidentId, thread);
    }
    case 'discord':
      return readDiscord(asking, sink, book, name);
    case 'telegram':
      return readTelegram(asking, sink, book, together);
  }
}

/** In this process; a stop breaks off what is asked, and nothing is behind us by then. */
export function createChatRunner(chat: Chat, cadence: string): Runner {
  const run: Runner['run'] = async (_job: Job, stop: StopSignal) => {
    const leave = new AbortController();
    stop.onStop(() => leave.abort());
    return { outcome: await chat.read(cadence, leave.signal), ending: undefined, stdoutPath: null, stderrPath: null };
  };
  return { run, adopt: run };
}
