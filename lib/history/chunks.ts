import { type LogFiles, readBytes } from './segments.ts';

/**
 * A stretch of whole lines, each with its newline, and where it begins in its file. Bytes behind the last newline of a
 * file are never given: their line is still being written, or was torn and waits for the writer to close it.
 */
export interface Chunk {
  readonly bytes: Buffer;
  readonly offset: number;
}

export const NEWLINE = 10;
const FIRST_BLOCK_BYTES = 64 * 1024;
const BLOCK_BYTES = 512 * 1024;
/** No line of ours is longer. What is longer is not kept in memory; a line that does not parse stands for it. */
export const MAX_LINE_BYTES = 4 * 1024 * 1024;
const TOO_LONG = Buffer.from('?\n');

/**
 * Chunks from `from` to the end of the file as it is when we get there. Where `from` lies within a line, that line is
 * left out.
 */
export function* chunksForward(files: LogFiles, path: string, from: number, blockBytes = BLOCK_BYTES): Generator<Chunk> {
  // Reading one byte earlier tells whether `from` begins a line: the newline before it ends the line to leave out.
  let offset = Math.max(0, from - 1);
  let isWithinLine = from > 0;
  let begun = createPieces();
  for (;;) {
    const block = readBytes(files, path, offset, blockBytes);
    if (block.length === 0) return;
    let start = 0;
    const first = block.indexOf(NEWLINE);
    if (first >= 0 && isWithinLine) {
      isWithinLine = false;
      start = first + 1;
    } else if (first >= 0 && begun.bytes() > 0) {
      const lineOffset = offset - begun.bytes();
      begun.addBehind(block.subarray(0, first + 1));
      yield { bytes: begun.line(), offset: lineOffset };
      begun = createPieces();
      start = first + 1;
    }
    const end = first < 0 ? 0 : block.lastIndexOf(NEWLINE) + 1;
    if (end > start) yield { bytes: block.subarray(start, end), offset: offset + start };
    if (!isWithinLine) begun.addBehind(block.subarray(Math.max(start, end)));
    offset += block.length;
  }
}

/** Chunks from `to` back to the start of the file; the first ones are small, for most readers want only a few lines. */
export function* chunksBackward(files: LogFiles, path: string, to: number, firstBlockBytes = FIRST_BLOCK_BYTES): Generator<Chunk> {
  let end = to;
  let blockBytes = firstBlockBytes;
  let isTorn = true;
  let ending = createPieces();
  while (end > 0) {
    const offset = Math.max(0, end - blockBytes);
    const block = readBytes(files, path, offset, end - offset);
    if (block.length < end - offset) {
      // The file was cut while we read: what we hold of the line behind is worth nothing.
      ending = createPieces();
      isTorn = true;
    }
    const last = block.lastIndexOf(NEWLINE) + 1;
    const start = offset === 0 ? 0 : block.indexOf(NEWLINE) + 1;
    const hasLineStart = last > 0 || offset === 0;
    if (hasLineStart && !isTorn) {
      ending.addBefore(block.subarray(last));
      if (ending.bytes() > 0) yield { bytes: ending.line(), offset: offset + last };
      ending = createPieces();
    }
    if (last > 0) isTorn = false;
    if (last > start) yield { bytes: block.subarray(start, last), offset: offset + start };
    if (!isTorn) ending.addBefore(block.subarray(0, hasLineStart ? start : block.length));
    end = offset;
    blockBytes = Math.min(blockBytes * 2, Math.max(BLOCK_BYTES, firstBlockBytes));
  }
}

interface Pieces {
  bytes(): number;
  addBehind(piece: Buffer): void;
  addBefore(piece: Buffer): void;
  line(): Buffer;
}

/** Parts of one line that lies across blocks. */
function createPieces(): Pieces {
  let kept: Buffer[] = [];
  let bytes = 0;
  const add = (piece: Buffer, put: () => void): void => {
    bytes += piece.length;
    if (bytes > MAX_LINE_BYTES) kept = [];
    else if (piece.length > 0) put();
  };
  return {
    bytes: () => bytes,
    addBehind: (piece) => add(piece, () => kept.push(piece)),
    addBefore: (piece) => add(piece, () => kept.unshift(piece)),
    line: () => (bytes > MAX_LINE_BYTES ? TOO_LONG : Buffer.concat(kept)),
  };
}
