import { toVisible } from '../core/text/excerpt.ts';
import type { Files } from '../ports.ts';

const BLOCK_BYTES = 64 * 1024;

/**
 * Reads a growing text file on from where it stopped, never a half character. A file that was cut is read on from its
 * new end. Control characters are made visible unless `raw`.
 */
export function createCursor(files: Pick<Files, 'info' | 'readRange'>, path: string, from: number, raw: boolean): (onText: (text: string) => void) => void {
  // Who follows no words need not load it.
  const { StringDecoder } = process.getBuiltinModule('node:string_decoder');
  const decoder = new StringDecoder('utf8');
  let offset = from;
  return (onText) => {
    const info = files.info(path);
    if (info?.kind !== 'file') return;
    if (info.sizeBytes < offset) offset = info.sizeBytes;
    while (offset < info.sizeBytes) {
      const bytes = files.readRange(path, offset, Math.min(BLOCK_BYTES, info.sizeBytes - offset));
      if (bytes.length === 0) return;
      offset += bytes.length;
      const text = decoder.write(bytes);
      if (text !== '') onText(raw ? text : toVisible(text));
    }
  };
}
