import { CadenceError } from '../core/error.ts';
import type { Files } from '../ports.ts';

/** What a run's two output files give at its end. */
export interface Output {
  readonly stdoutPath: string;
  readonly stderrPath: string;
}

export const TAIL_BYTES = 4096;

/** The last bytes of a file of any size, by one read. Never begins in the middle of a character; what is no UTF-8 is replaced. */
export function readTail(files: Files, path: string, maxBytes = TAIL_BYTES, fromBytes = 0, untilBytes = Number.POSITIVE_INFINITY): string {
  return unlessRefused('', () => {
    const sizeBytes = Math.min(untilBytes, sizeOf(files, path));
    if (sizeBytes <= fromBytes) return '';
    const offset = Math.max(fromBytes, sizeBytes - maxBytes);
    const bytes = files.readRange(path, offset, sizeBytes - offset);
    return bytes.subarray(offset === 0 ? 0 : firstCharacter(bytes)).toString('utf8');
  });
}

export function sizeOf(files: Files, path: string): number {
  return unlessRefused(0, () => files.info(path)?.sizeBytes ?? 0);
}

/** Bytes of the form 10xxxxxx go on with a character; there are at most three. */
function firstCharacter(bytes: Buffer): number {
  let at = 0;
  while (at < 3 && ((bytes[at] ?? 0) & 0xc0) === 0x80) at += 1;
  return at;
}

/** Removes the files that nobody wrote into, and answers where the others lie. */
export function keepOutput(files: Files, output: Output): { readonly stdoutPath: string | null; readonly stderrPath: string | null } {
  return { stdoutPath: keep(files, output.stdoutPath), stderrPath: keep(files, output.stderrPath) };
}

function keep(files: Files, path: string): string | null {
  return unlessRefused<string | null>(path, () => {
    const info = files.info(path);
    if (info === undefined) return null;
    if (info.sizeBytes > 0) return path;
    files.remove(path);
    return null;
  });
}

/** A disk that refuses is no failure of the run: what cannot be read or tidied now is left as it is. */
export function unlessRefused<T>(otherwise: T, act: () => T): T {
  try {
    return act();
  } catch (error) {
    if (error instanceof CadenceError) return otherwise;
    throw error;
  }
}
