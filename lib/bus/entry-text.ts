import type { Tick } from '../core/tick.ts';
import { MAX_FILE_BYTES } from '../core/tick.ts';
import type { Files } from '../ports.ts';
import { textOfLine } from './batch-line.ts';
import { type Judgement, judge } from './judgement.ts';
import type { LeftFiles } from './left-files.ts';
import type { Entry, Pending } from './pending.ts';

/** What a pending tick says now, in its file or in its line of a batch; undefined: it is gone, or it is none. */
export interface EntryText {
  textOf(id: string): string | undefined;
  /** What cannot be read is left alone, and told. */
  tickOf(entry: Entry | undefined): Tick | undefined;
}

export interface EntryTextDeps {
  readonly files: Pick<Files, 'read'>;
  readonly left: LeftFiles;
  readonly pending: Pick<Pending, 'byId'>;
  pathOf(entry: Entry): string;
}

export function createEntryText({ files, left, pending, pathOf }: EntryTextDeps): EntryText {
  function look(entry: Entry): Judgement | undefined {
    const found = files.read(pathOf(entry), MAX_FILE_BYTES);
    return found === undefined ? undefined : judge(found);
  }

  return {
    textOf(id) {
      const entry = pending.byId(id);
      if (entry?.line !== undefined) return textOfLine(entry.line);
      const judged = entry === undefined ? undefined : look(entry);
      return judged?.kind === 'tick' ? judged.text : undefined;
    },
    tickOf(entry) {
      if (entry?.line !== undefined) return entry.line.tick;
      const judged = entry === undefined ? undefined : left.spare(pathOf(entry), () => look(entry));
      return judged?.kind === 'tick' ? judged.tick : undefined;
    },
  };
}
