import type { Clock, Files } from '../ports.ts';
import { unlessRefused } from './capture.ts';

/** One line of a file that grows, without its end. */
export interface Line {
  readonly text: string;
  /** Where in the file the next line begins: who follows on from there misses nothing and hears nothing twice. */
  readonly nextOffset: number;
  /** It was longer than may be held in memory; `text` is its beginning. */
  readonly isCut: boolean;
}

/** Reads the lines of a file on from where it stopped. What is not whole yet is not handed over, and not read again. */
export interface LineReader {
  /** Reads a slice. True: there is more to read now. */
  read(onLine: (line: Line) => void): boolean;
  /** Nobody writes any more, so what has no newline is whole. Call it when `read` says that there is no more. */
  last(onLine: (line: Line) => void): void;
}

/** Followed by a hint for each change, and by the look that somebody takes once a second, for a hint may not come. */
export interface LineFollower {
  look(): void;
  /** The writer is gone: everything is handed over to the last line, then nothing any more. */
  end(): Promise<void>;
}

export interface LineFollowerDeps {
  readonly clock: Pick<Clock, 'breathe'>;
  readonly files: Pick<Files, 'info' | 'readRange' | 'watch'>;
}

const SLICE_BYTES = 256 * 1024;
const MAX_LINE_BYTES = 64 * 1024;
const NEWLINE = 0x0a;

export function createLineFollower(
  deps: LineFollowerDeps,
  path: string,
  from: number,
  onLine: (line: Line) => void,
  maxLineBytes = MAX_LINE_BYTES,
): LineFollower {
  const reader = createLineReader(deps.files, path, from, maxLineBytes);
  let reading: Promise<void> | undefined;
  let isAsked = false;
  const watch = deps.files.watch(path, look);

  /** A burst of hints is one look a turn, and a flood of output never keeps the others from theirs. */
  async function readAll(): Promise<void> {
    while (isAsked) {
      await deps.clock.breathe();
      isAsked = reader.read(onLine);
    }
    reading = undefined;
  }

  function look(): void {
    isAsked = true;
    reading ??= readAll();
  }

  look();
  return {
    look,
    async end() {
      watch.close();
      look();
      await reading;
      reader.last(onLine);
    },
  };
}

/** A file that was cut meanwhile is read on from the first line that begins behind its new end. What the disk refuses is read the next time. */
export function createLineReader(files: Pick<Files, 'info' | 'readRange'>, path: string, from = 0, maxLineBytes = MAX_LINE_BYTES): LineReader {
  let offset = from;
  let isSkipping = false;
  const open = createOpenLine(maxLineBytes);

  function take(bytes: Buffer, onLine: (line: Line) => void): void {
    for (let at = 0; at < bytes.length; ) {
      const newline = bytes.indexOf(NEWLINE, at);
      const end = newline < 0 ? bytes.length : newline;
      const start = at;
      offset += end - start + (newline < 0 ? 0 : 1);
      at = end + 1;
      // Nearly every line: the way of the others costs ten times as much.
      if (newline >= 0 && !isSkipping && !open.isBegun() && end - start <= maxLineBytes) {
        onLine({ text: withoutReturn(bytes.toString('utf8', start, end)), nextOffset: offset, isCut: false });
        continue;
      }
      if (!isSkipping) open.add(bytes.subarray(start, end));
      if (newline < 0) return;
      if (!isSkipping) onLine({ ...open.take(), nextOffset: offset });
      isSkipping = false;
    }
  }

  return {
    read: (onLine) =>
      unlessRefused(false, () => {
        const sizeBytes = files.info(path)?.sizeBytes ?? 0;
        if (sizeBytes < offset) {
          offset = sizeBytes;
          open.take();
          isSkipping = true;
        }
        if (sizeBytes === offset) return false;
        take(files.readRange(path, offset, SLICE_BYTES), onLine);
        return offset < sizeBytes;
      }),
    last(onLine) {
      if (!isSkipping && open.isBegun()) onLine({ ...open.take(), nextOffset: offset });
    },
  };
}

function withoutReturn(text: string): string {
  return text.endsWith('\r') ? text.slice(0, -1) : text;
}

/** The line that is being read, as far as it may be kept. */
function createOpenLine(maxBytes: number) {
  let parts: Buffer[] = [];
  let keptBytes = 0;
  let isCut = false;
  return {
    isBegun: () => parts.length > 0,
    add(bytes: Buffer): void {
      const kept = bytes.subarray(0, maxBytes - keptBytes);
      if (kept.length > 0) parts.push(Buffer.from(kept));
      keptBytes += kept.length;
      isCut ||= kept.length < bytes.length;
    },
    take(): Pick<Line, 'text' | 'isCut'> {
      const text = Buffer.concat(parts).toString('utf8');
      // The last character before a cut may be half a one.
      const taken = { text: isCut ? text.replace(/\ufffd+$/, '') : withoutReturn(text), isCut };
      parts = [];
      keptBytes = 0;
      isCut = false;
      return taken;
    },
  };
}
