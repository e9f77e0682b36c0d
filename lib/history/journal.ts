import { CadenceError } from '../core/error.ts';
import type { BusEvent } from '../core/event.ts';
import type { Paths } from '../core/paths.ts';
import { toIso } from '../core/time/instant.ts';
import type { Clock, Closeable, Files, Journal } from '../ports.ts';
import { createEventBacklog } from './event-backlog.ts';
import { createSegmentWriter } from './segment-writer.ts';

export interface JournalDeps {
  readonly files: Pick<Files, 'list' | 'append' | 'makeDir'>;
  readonly clock: Pick<Clock, 'nowMs' | 'breathe'>;
  readonly paths: Pick<Paths, 'journal'>;
  /** Takes what a subscriber threw, and what is no fault of the disk: a bug that must not become the emitter's failure, nor vanish. */
  readonly onFault: (error: unknown) => void;
  /** Takes secrets out of an event before anybody sees it. */
  readonly redacted?: (event: BusEvent) => BusEvent;
}

/**
 * The journal of events: JSON lines in `journal/<day>.jsonl`, in the order of emission. What is emitted in one turn is
 * one write at its end, or at the next flush. Where the disk refuses, events wait in memory and `flush` says why. After
 * `close` subscribers still hear, and nothing is written.
 */
export function createJournal({ files, clock, paths, onFault, redacted = (event) => event }: JournalDeps): Journal {
  const writer = createSegmentWriter({ files, clock }, paths.journal);
  const backlog = createEventBacklog();
  const subscribers = createSubscribers(onFault);
  let isDrainComing = false;

  const drain = (): void => backlog.drain((text) => writer.write(() => text), clock.nowMs());

  async function drainSoon(): Promise<void> {
    isDrainComing = true;
    await clock.breathe();
    isDrainComing = false;
    try {
      drain();
    } catch (error) {
      // The events wait. Whoever flushes next meets the fault, and can answer it.
      if (!(error instanceof CadenceError)) onFault(error);
    }
  }

  return {
    emit(details, atMs = clock.nowMs()) {
      const event = redacted({ ts: toIso(atMs), ...details } as BusEvent);
      backlog.add(event);
      if (!isDrainComing) void drainSoon();
      subscribers.tell(event);
    },
    async flush() {
      drain();
      await writer.flush();
    },
    onEvent: subscribers.add,
    close() {
      try {
        drain();
      } finally {
        writer.close();
      }
    },
  };
}

type See = (event: BusEvent) => void;

function createSubscribers(onFault: (error: unknown) => void) {
  // Never changed in place: who subscribes or goes while an event is told changes nothing of its telling.
  let all: readonly See[] = [];
  return {
    add(see: See): Closeable {
      // Wrapped, so that one function that subscribes twice is two subscribers.
      const subscriber: See = (event) => see(event);
      all = [...all, subscriber];
      return {
        close() {
          all = all.filter((other) => other !== subscriber);
        },
      };
    },
    tell(event: BusEvent): void {
      for (const see of all) {
        try {
          see(event);
        } catch (error) {
          onFault(error);
        }
      }
    },
  };
}
