import type { Tick } from '../core/tick.ts';
import { MAX_FILE_BYTES } from '../core/tick.ts';
import { type Ms, toIso } from '../core/time/instant.ts';
import type { FileInfo, FileText } from '../ports.ts';
import { readTick } from '../wire/tick.ts';

/** What was found where a tick should be. */
export type Judgement =
  | {
      readonly kind: 'tick';
      readonly tick: Tick;
      readonly id: string | undefined;
      readonly dueMs: Ms | undefined;
      readonly text: string;
      readonly info: FileInfo;
    }
  | Fault;

export interface Fault {
  readonly kind: 'fault';
  readonly reason: 'malformed' | 'rejected';
  readonly because: string;
  readonly info: FileInfo | undefined;
  /** It ends with a newline, as all that we and our producers write. */
  readonly isClosed: boolean;
  /** Nothing that may still be written behind it can make it a tick. */
  readonly isFinal: boolean;
}

export function judge(found: FileText): Judgement {
  switch (found.kind) {
    case 'text': {
      const { text, info } = found;
      const reading = readTick(text, toIso(info.mtimeMs));
      if (reading.kind === 'tick') {
        const { kind, tick, id, dueMs } = reading;
        return { kind, tick, id, dueMs: dueMs === undefined ? undefined : Math.max(0, dueMs), text, info };
      }
      const isClosed = text.endsWith('\n');
      return { kind: 'fault', reason: 'malformed', because: reading.because, info, isClosed, isFinal: isClosed && reading.isJson };
    }
    case 'not_a_file':
      return { ...unread(found.info), reason: 'rejected', because: 'it is not a regular file', isFinal: true };
    case 'unreadable':
      return { ...unread(found.info), reason: 'rejected', because: 'it cannot be read', isFinal: true };
    case 'too_large':
      return { ...unread(found.info), because: `it is larger than ${MAX_FILE_BYTES} bytes` };
    case 'not_utf8':
      return { ...unread(found.info), because: 'it is not UTF-8 text' };
  }
}

function unread(info: FileInfo | undefined): Omit<Fault, 'because'> {
  return { kind: 'fault', reason: 'malformed', info, isClosed: false, isFinal: false };
}

/** When a file without a due time of its own is due: a whole millisecond that a name can hold, and never in the future. */
export function arrivedMs(info: Pick<FileInfo, 'mtimeMs'>, nowMs: Ms): Ms {
  return Math.max(0, Math.floor(Math.min(info.mtimeMs, nowMs)));
}

/** It asks for nothing but a run, so one run serves all that asked before it began. */
export function isPlain(tick: Tick | undefined, onlySlots: boolean): boolean {
  return (
    tick !== undefined &&
    tick.payload === undefined &&
    tick.key === undefined &&
    tick.dead === undefined &&
    tick.force === undefined &&
    (!onlySlots || tick.slot !== undefined)
  );
}
