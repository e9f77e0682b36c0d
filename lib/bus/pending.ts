import { createSortedHeap, type SortedHeap } from '../core/sorted-heap.ts';
import { isForcedName, type TickName } from '../core/tick.ts';
import { formatCompact } from '../core/time/instant.ts';
import type { Head } from '../ports.ts';
import type { BatchLine } from './batch-line.ts';

/** A text, and the file that it stood in. */
export interface KeptText {
  readonly text: string;
  readonly inode: number;
  readonly mtimeMs: number;
  readonly sizeBytes: number;
  /** What it takes of the room for such texts; nothing where it shares one. */
  chars: number;
}

/** One tick that may be claimed, as the owner remembers it: its name, and the file that bears it now. */
export interface Entry {
  name: TickName;
  folder: 'inbox' | 'waiting' | 'batch';
  /** The file's own name; a foreign file keeps its name until it is claimed or parked. */
  file: string;
  gone: boolean;
  /** Its id was made for it: no other file bears its name. */
  isFresh?: boolean;
  /** In a batch under way it has no file of its own. */
  line?: BatchLine | undefined;
  /** What was read in it when it was adopted. */
  kept?: KeptText | undefined;
}

/**
 * The queue in memory: per cadence a heap of names, what is forced first, then retries, then by due time. It is bounded: of a backlog larger
 * than `budget` only a fair share of each cadence's earliest ticks is kept, so that no cadence's pile hides another's
 * tick, and `isPartial` says that the folders hold more.
 */
export interface Pending {
  add(entry: Entry): void;
  remove(entry: Entry): void;
  byId(id: string): Entry | undefined;
  cadences(): Iterable<string>;
  head(cadence: string): Head | undefined;
  entries(cadence: string): readonly Entry[];
  /** Drops what exceeds the budget, or, while a folder is being read, what exceeds it by a quarter. Answers what was dropped. */
  trim(isReading?: boolean): readonly Entry[];
  /** It stands behind all that was kept of its cadence when something was dropped: it is for the next reading of the folders. */
  isBeyond(name: TickName): boolean;
  /** The same of a file, by its canonical name, without reading it: false where that takes more than a look. */
  isFileBeyond(file: string): boolean;
  /** A cadence of which something was dropped has nothing left here: the folders hold more of it. */
  isShort(): boolean;
  /** The folders are read anew, so nothing is beyond. */
  forgetCuts(): void;
}

/** `20261120T070000000Z.<cadence>.x7k2p9qd4mzt.0.json`: of fresh ticks of one cadence, the time as text is the order. */
const DUE_LENGTH = 19;
const FRESH = '.0.json';
const BEHIND_CADENCE = '.x7k2p9qd4mzt'.length + FRESH.length;

const isEarlier = (a: TickName, b: TickName): boolean => {
  const isForced = isForcedName(a);
  if (isForced !== isForcedName(b)) return isForced;
  const isRetry = a.attempts > 0;
  if (isRetry !== b.attempts > 0) return isRetry;
  if (a.dueMs !== b.dueMs) return a.dueMs < b.dueMs;
  return a.id < b.id;
};
const before = (a: Entry, b: Entry): boolean => isEarlier(a.name, b.name);

/** `onGone` hears of each entry that is removed, or does not fit. */
export function createPending(budget: number, onGone: (entry: Entry) => unknown): Pending {
  const heaps = new Map<string, SortedHeap<Entry>>();
  const ids = new Map<string, Entry>();
  /** The last that was kept of each cadence that was cut. */
  const cut = new Map<string, TickName & { readonly due: string }>();
  const newHeap = (): SortedHeap<Entry> => createSortedHeap<Entry>(before, (entry) => entry.gone);

  function forget(entry: Entry): void {
    entry.gone = true;
    if (ids.get(entry.name.id) === entry) ids.delete(entry.name.id);
    onGone(entry);
  }

  function trimCadence(cadence: string, share: number): readonly Entry[] {
    const heap = heaps.get(cadence);
    if (heap === undefined || heap.size() <= share) return [];
    // No folder brings a line back, and there are never many.
    const { dropped, last } = heap.keepLeast(share, ({ line }) => line !== undefined);
    for (const entry of dropped) forget(entry);
    if (last !== undefined) cut.set(cadence, { ...last.name, due: formatCompact(last.name.dueMs) });
    return dropped;
  }

  return {
    add(entry) {
      let heap = heaps.get(entry.name.cadence);
      if (heap === undefined) {
        heap = newHeap();
        heaps.set(entry.name.cadence, heap);
      }
      heap.push(entry);
      ids.set(entry.name.id, entry);
    },
    remove: forget,
    byId: (id) => ids.get(id),
    *cadences() {
      for (const [cadence, heap] of heaps) {
        if (heap.peek() === undefined) heaps.delete(cadence);
        else yield cadence;
      }
    },
    head(cadence) {
      const first = heaps.get(cadence)?.peek();
      return first === undefined ? undefined : { name: first.name };
    },
    entries: (cadence) => heaps.get(cadence)?.items() ?? [],
    trim(isReading = false) {
      if (ids.size <= (isReading ? budget * 1.25 : budget)) return [];
      const share = Math.max(256, Math.floor(budget / heaps.size));
      return [...heaps.keys()].flatMap((cadence) => trimCadence(cadence, share));
    },
    isBeyond(name) {
      const last = cut.get(name.cadence);
      return last !== undefined && isEarlier(last, name);
    },
    isFileBeyond(file) {
      if (cut.size === 0 || !file.endsWith(FRESH)) return false;
      const last = cut.get(file.slice(DUE_LENGTH + 1, -BEHIND_CADENCE));
      return last !== undefined && file.slice(0, DUE_LENGTH) > last.due;
    },
    isShort: () => [...cut.keys()].some((cadence) => heaps.get(cadence)?.peek() === undefined),
    forgetCuts: () => cut.clear(),
  };
}
