import { CadenceError } from '../core/error.ts';
import type { Ms } from '../core/time/instant.ts';
import type { FileInfo, Files, Problem } from '../ports.ts';

/** A definition's text; or why there is none. undefined: no such file. */
export type DefinitionText = { readonly text: string; readonly problem?: undefined } | { readonly text?: undefined; readonly problem: Problem };

/** Never follows a link and never waits, whatever lies there. */
export function readDefinitionText(files: Pick<Files, 'read'>, path: string, mostBytes: number): DefinitionText | undefined {
  const refuse = (message: string, hint: string): DefinitionText => ({ problem: { path, line: 1, column: 1, key: '', message, hint } });
  const asked = orFault(() => files.read(path, mostBytes));
  if ('fault' in asked) return refuse(asked.fault.message, asked.fault.hint);
  const read = asked.value;
  if (read === undefined) return undefined;
  switch (read.kind) {
    case 'text':
      return { text: read.text };
    case 'too_large':
      return refuse(`larger than ${mostBytes / 1024} KB`, 'A definition is small; put data into files of their own.');
    case 'not_a_file':
      return refuse(`${kindWords(read.info)}, expected a regular file`, 'Put the file itself here; links are not followed.');
    case 'not_utf8':
      return refuse('not UTF-8 text', 'Save it as UTF-8.');
    case 'unreadable':
      return refuse('may not be read', 'Allow the user of the bus to read it (chmod u+r).');
  }
}

/** What a file looks like without being opened, and when it was last changed. */
export interface Look {
  readonly print: string;
  readonly changedMs: Ms;
}

/**
 * Two times the same print: nothing has changed that can be seen without opening the file. undefined: no such file; one that
 * may not be looked at is not absent.
 */
export function look(files: Pick<Files, 'info'>, path: string): Look | undefined {
  const asked = orFault(() => files.info(path));
  if ('fault' in asked) return { print: `refused ${asked.fault.message}`, changedMs: Number.POSITIVE_INFINITY };
  const info = asked.value;
  if (info === undefined) return undefined;
  const { kind, mtimeMs, ctimeMs, sizeBytes, inode, mode } = info;
  return { print: `${kind} ${mtimeMs} ${ctimeMs} ${sizeBytes} ${inode} ${mode}`, changedMs: Math.max(mtimeMs, ctimeMs) };
}

/** What the disk refuses is an answer here, for a definition that cannot be read now is still a definition. */
export function orFault<T>(ask: () => T): { readonly value: T } | { readonly fault: CadenceError } {
  try {
    return { value: ask() };
  } catch (error) {
    if (error instanceof CadenceError && (error.code === 'io' || error.code === 'permission')) return { fault: error };
    throw error;
  }
}

function kindWords(info: FileInfo | undefined): string {
  switch (info?.kind) {
    case 'folder':
      return 'a folder';
    case 'symlink':
      return 'a symbolic link';
    case 'other':
      return 'a FIFO, socket or device';
    case 'file':
    case undefined:
      return 'no regular file';
  }
}
