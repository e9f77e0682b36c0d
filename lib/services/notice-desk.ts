import { notifyCadence } from '../core/builtin.ts';
import type { Notice } from '../core/notice/notice.ts';
import { type Sink, secretNames, sinkId } from '../core/notice/sink.ts';
import { toIso } from '../core/time/instant.ts';
import type { Clock, Ids, Outbox, Queue } from '../ports.ts';

/** Where notices are written: without secrets, whole, on disk, and with a tick of the cadence that brings them to their sink. */
export interface NoticeDesk {
  /** One that was put before is not put again; its tick may be what is missing. */
  put(sink: Sink, words: NoticeWords): void;
  /** One tick takes all that lies there; one that is under way may have looked already. */
  drain(cadence: string): void;
}

export type NoticeWords = Omit<Notice, 'format' | 'sink' | 'created_at' | 'attempts' | 'error' | 'sending'>;

export interface NoticeDeskDeps {
  readonly clock: Pick<Clock, 'nowMs'>;
  readonly ids: Pick<Ids, 'fresh'>;
  readonly queue: Pick<Queue, 'head' | 'put'>;
  readonly outbox: Pick<Outbox, 'put'>;
  /** Without secrets, those that these variables hold among them. */
  readonly redact: (text: string, names: readonly string[]) => string;
}

export function createNoticeDesk({ clock, ids, queue, outbox, redact }: NoticeDeskDeps): NoticeDesk {
  function drain(cadence: string): void {
    if (queue.head(cadence) !== undefined) return;
    const nowMs = clock.nowMs();
    queue.put({ dueMs: nowMs, cadence, id: ids.fresh(), attempts: 0 }, { cadence, source: 'notify', enqueued_at: toIso(nowMs) });
  }

  return {
    drain,
    put(sink, words) {
      const clean = (text: string): string => redact(text, secretNames(sink));
      const facts = Object.fromEntries(Object.entries(words.facts).map(([name, fact]) => [name, typeof fact === 'string' ? clean(fact) : fact]));
      const title = words.title === undefined ? {} : { title: clean(words.title) };
      outbox.put({ format: 1, ...words, sink, ...title, text: clean(words.text), created_at: toIso(clock.nowMs()), attempts: 0, error: null, facts });
      drain(notifyCadence(sinkId(sink)));
    },
  };
}
