import type { Files } from '../ports.ts';
import type { Entry } from './pending.ts';

/**
 * What was claimed, and could then not be opened, for the disk refused: it would lie in claimed/ until the next start, and
 * nobody would look at it again. It goes back where it came from as soon as the disk is well.
 */
export interface Stranded {
  /** Until `isOpen` is called, this claim is nobody's run. */
  note(entry: Entry, path: string): void;
  isOpen(entry: Entry): void;
  giveBack(): void;
}

export function createStranded(files: Pick<Files, 'rename'>, pathOf: (entry: Entry) => string, admit: (entry: Entry) => boolean): Stranded {
  const all = new Map<Entry, string>();
  return {
    note: (entry, path) => void all.set(entry, path),
    isOpen: (entry) => void all.delete(entry),
    giveBack() {
      for (const [entry, path] of all) {
        const isBack = files.rename(path, pathOf(entry));
        all.delete(entry);
        if (isBack) admit({ ...entry, gone: false });
      }
    },
  };
}
