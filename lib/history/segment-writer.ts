import type { LogPosition } from '../core/holds.ts';
import { dayOf } from '../core/time/instant.ts';
import type { AppendLog, Clock, Files } from '../ports.ts';
import { LOG_START } from './position.ts';
import { listDays, segmentPath } from './segments.ts';

/** Appends to the newest segment of a log. One writer per log. */
export interface SegmentWriter {
  /** Asks for the text that begins there, and appends it. Throws where the disk refused it; then no line of it is in the segment. */
  write(textFrom: (start: LogPosition) => string): void;
  /** Where the text that was written last ends. */
  position(): LogPosition;
  /** All that was written is on disk. */
  flush(): Promise<void>;
  close(): void;
}

export interface SegmentWriterDeps {
  readonly files: Pick<Files, 'list' | 'append' | 'makeDir'>;
  readonly clock: Pick<Clock, 'nowMs' | 'breathe'>;
}

/** More lie unflushed only where a disk has refused all flushes for days, and took the writes. */
const PAST_DAYS = 2;

/**
 * A new day begins a new segment; an older day than that of the newest segment (the clock was set back) does not, or lines
 * would come to stand before older ones.
 */
export function createSegmentWriter({ files, clock }: SegmentWriterDeps, dir: string): SegmentWriter {
  files.makeDir(dir);
  const days = listDays(files, dir);
  const lastDay = days.at(-1);
  // Opening it closes a line that an earlier life has torn, so that the log ends where a line ends.
  let newest = lastDay === undefined ? undefined : open(lastDay);
  let end: LogPosition = newest === undefined ? LOG_START : { day: newest.day, bytes: newest.log.endBytes };
  /** Segments of past days that have not been flushed since their last line; an earlier life may have died, on a disk that refused it, before it had flushed its last. */
  const retired: AppendLog[] = days.slice(-1 - PAST_DAYS, -1).map((day) => open(day).log);
  let retiring: Promise<void> | undefined;
  let isEndKnown = false;

  /** Looked up once a turn of the event loop, in which a thousand lines may be written: somebody may have cut the segment. */
  function endOf(log: AppendLog): number {
    if (isEndKnown) return end.bytes;
    const { endBytes } = log;
    isEndKnown = true;
    void clock.breathe().then(() => {
      isEndKnown = false;
    });
    return endBytes;
  }

  function open(day: string): { readonly day: string; readonly log: AppendLog } {
    return { day, log: files.append(segmentPath(dir, day)) };
  }

  function segmentOfNow(): { readonly day: string; readonly log: AppendLog } {
    const today = dayOf(clock.nowMs());
    if (newest !== undefined && newest.day >= today) return newest;
    const opened = open(today);
    if (newest !== undefined) retired.push(newest.log);
    newest = opened;
    isEndKnown = false;
    return opened;
  }

  return {
    write(textFrom) {
      const { day, log } = segmentOfNow();
      const start = { day, bytes: endOf(log) };
      const text = textFrom(start);
      try {
        log.write(text);
      } catch (error) {
        isEndKnown = false;
        throw error;
      }
      end = { day, bytes: start.bytes + Buffer.byteLength(text) };
    },
    position: () => end,
    async flush() {
      const last = newest;
      retiring ??= flushAndClose(retired).finally(() => {
        retiring = undefined;
      });
      await retiring;
      await last?.log.flush();
    },
    close() {
      for (const past of retired.splice(0)) past.close();
      newest?.log.close();
    },
  };
}

/** Oldest first. Those that the disk refused to flush stay for the next time. */
async function flushAndClose(retired: AppendLog[]): Promise<void> {
  for (let oldest = retired[0]; oldest !== undefined; oldest = retired[0]) {
    await oldest.flush();
    if (retired[0] === oldest) retired.shift()?.close();
  }
}
