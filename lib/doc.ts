import { CadenceError } from './core/error.ts';
import { parseJson } from './core/text/json-text.ts';
import { formatCompact } from './core/time/instant.ts';
import type { Clock, Doc, Files } from './ports.ts';

/** Larger is no state of ours. */
const MAX_DOC_BYTES = 64 * 1024 * 1024;
const BYTE_ORDER_MARK = /^\uFEFF/;

export interface DocDeps<T> {
  readonly files: Files;
  readonly clock: Clock;
  readonly path: string;
  /** undefined: this is no such document. */
  readonly parse: (value: unknown) => T | undefined;
  readonly onBroken: (asidePath: string) => void;
}

/** One JSON document with one writer, pretty printed, for `cat` is a user interface. */
export function createDoc<T>(deps: DocDeps<T>): Doc<T> {
  const { files, path } = deps;
  return {
    read() {
      const found = files.read(path, MAX_DOC_BYTES);
      if (found === undefined) return undefined;
      // What we may not read may be whole: it must not be pushed aside, and a hold must not be forgotten for it.
      if (found.kind === 'unreadable') throw new CadenceError('permission', `cannot read ${path}`, 'Give the user who runs the bus access to this file.');
      const value = found.kind === 'text' ? deps.parse(parseJson(found.text.replace(BYTE_ORDER_MARK, ''))) : undefined;
      if (value === undefined) setAside(deps);
      return value;
    },
    write: (value) => files.write(path, `${JSON.stringify(value, null, 2)}\n`),
    remove() {
      if (files.remove(path)) files.flushDir(path.slice(0, path.lastIndexOf('/')));
    },
  };
}

function setAside({ files, clock, path, onBroken }: DocDeps<unknown>): void {
  const stem = `${path}.broken-${formatCompact(clock.nowMs())}`;
  let aside = stem;
  for (let n = 2; files.info(aside) !== undefined; n++) aside = `${stem}-${n}`;
  if (files.rename(path, aside)) onBroken(aside);
}
