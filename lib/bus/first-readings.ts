import type { FileInfo } from '../ports.ts';
import { type Judgement, judge } from './judgement.ts';
import type { Entry, KeptText } from './pending.ts';

/**
 * A foreign file is read when it is adopted, for its name says nothing, and it is claimed a moment later: what was read then
 * need not be read again where the file is still the same. Its text is remembered with its entry, and not what it was parsed
 * to, which is several times as large, but for the newest: one that comes alone is claimed next. Of a long backlog with long texts only some are.
 */
export interface FirstReadings {
  keep(entry: Entry, reading: Reading): void;
  /** Once; undefined where nothing is remembered, or the file is not what it was. */
  take(entry: Entry, now: () => FileInfo | undefined): Judgement | undefined;
  /** It is not pending any more: what is remembered of it stands in nobody's way, if somebody is still to take it. */
  gone(entry: Entry): void;
}

export type Reading = Extract<Judgement, { kind: 'tick' }>;

/** What is larger takes more memory than its reading takes time. */
const MOST_BYTES = 1_024;
/** Of all texts together. */
const MOST_CHARS = 1_048_576;

export function createFirstReadings(): FirstReadings {
  let chars = 0;
  /** Ticks of a burst mostly say the same, and then share one text. */
  let last = '';
  let newest: { readonly entry: Entry; readonly reading: Reading } | undefined;

  return {
    keep(entry, reading) {
      const { text, info } = reading;
      const { inode, mtimeMs, sizeBytes } = info;
      const isSame = text === last;
      const added = isSame ? 0 : text.length;
      if (sizeBytes > MOST_BYTES || chars + added > MOST_CHARS) return;
      if (!isSame) last = text;
      chars += added;
      entry.kept = { text: last, inode, mtimeMs, sizeBytes, chars: added };
      newest = { entry, reading };
    },
    take(entry, now) {
      const { kept } = entry;
      if (kept === undefined) return undefined;
      entry.kept = undefined;
      const known = newest?.entry === entry ? newest.reading : undefined;
      if (known !== undefined) newest = undefined;
      const info = now();
      if (info === undefined || !isSame(kept, info)) return undefined;
      return known ?? judge({ kind: 'text', text: kept.text, info });
    },
    gone({ kept }) {
      if (kept === undefined) return;
      chars -= kept.chars;
      kept.chars = 0;
    },
  };
}

function isSame(then: KeptText, now: FileInfo): boolean {
  return now.kind === 'file' && now.inode === then.inode && now.sizeBytes === then.sizeBytes && now.mtimeMs === then.mtimeMs;
}
