import type { Clock, Files, OpenFile } from '../ports.ts';
import { unlessRefused } from './capture.ts';

/** One line of a file that grows, without its end. */
export interface Line {
  /** May be a view of the slice it was read with: whoever keeps it for long keeps that. */
  readonly text: string;
  /** Where in the file the next line begins: who follows on from there misses nothing and hears nothing twice. */
  readonly nextOffset: number;
  /** It was longer than may be held in memory; `text` is its beginning. */
  readonly isCut: boolean;
}

/** Reads the lines of a file on from where it stopped. What is not whole yet is not handed over, and not read again. */
export interface LineReader {
  /** Reads a few slices. True: there is more to read now. */
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
  readonly files: ReadFiles & Pick<Files, 'watch'>;
}

type ReadFiles = Pick<Files, 'info' | 'open'>;

/** A string of twice that is none of the engine's young ones: memory is mapped for each, at the cost of all the rest. */
const SLICE_BYTES = 64 * 1024;
/** It is opened once for so many of them: to open it costs nearly as much as to read a slice. */
const SLICES_A_READ = 4;
const MAX_LINE_BYTES = 64 * 1024;
const RETURN = 0x0d;

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
export function createLineReader(files: ReadFiles, path: string, from = 0, maxLineBytes = MAX_LINE_BYTES): LineReader {
  let offset = from;
  let isSkipping = false;
  const open = createOpenLine(maxLineBytes);

  function take(bytes: Buffer, onLine: (line: Line) => void): void {
    // One character a byte. Of ASCII alone, lines are cut from it: to decode each one costs three times as much.
    const view = bytes.toString('latin1');
    const isAscii = Buffer.byteLength(view) === bytes.length;
    const before = offset;
    let at = takeFirst(bytes, view.indexOf('\n'), onLine);
    for (let newline = view.indexOf('\n', at); newline >= 0; newline = view.indexOf('\n', at)) {
      offset = before + newline + 1;
      if (newline - at <= maxLineBytes) {
        const end = newline > at && view.charCodeAt(newline - 1) === RETURN ? newline - 1 : newline;
        onLine({ text: isAscii ? view.slice(at, end) : bytes.toString('utf8', at, end), nextOffset: offset, isCut: false });
      } else {
        open.add(bytes.subarray(at, newline));
        onLine({ ...open.take(), nextOffset: offset });
      }
      at = newline + 1;
    }
    offset = before + bytes.length;
    if (at < bytes.length) open.add(bytes.subarray(at));
  }

  /** To the end of the line that was begun before; where the next one begins. */
  function takeFirst(bytes: Buffer, newline: number, onLine: (line: Line) => void): number {
    if (!isSkipping && !open.isBegun()) return 0;
    if (!isSkipping) open.add(newline < 0 ? bytes : bytes.subarray(0, newline));
    if (newline < 0) return bytes.length;
    offset += newline + 1;
    if (!isSkipping) onLine({ ...open.take(), nextOffset: offset });
    isSkipping = false;
    return newline + 1;
  }

  function readSlices(file: OpenFile, sizeBytes: number, onLine: (line: Line) => void): void {
    const slice = Buffer.allocUnsafe(Math.min(SLICE_BYTES, sizeBytes - offset));
    for (let n = 0; n < SLICES_A_READ && offset < sizeBytes; n += 1) {
      const gotBytes = file.read(slice, offset);
      if (gotBytes === 0) return;
      take(slice.subarray(0, gotBytes), onLine);
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
        const file = files.open(path);
        try {
          readSlices(file, sizeBytes, onLine);
        } finally {
          file.close();
        }
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
