import type { Tick, TickName } from '../tick.ts';
import type { Ms } from '../time/instant.ts';
import type { FiredLine, SlotCursor, SlotLine } from './line.ts';

/** The ledger of slots (`slots/<day>.jsonl`): what became of every instant that a schedule names. One writer, the owner. */
export interface SlotLedger {
  cursor(cadence: string): SlotCursor | undefined;
  cadences(): readonly string[];
  /** What the last owner wrote of its own life, and when it wrote anything at all; '' where there was none. */
  readonly lifeBefore: { readonly life: Extract<SlotLine, { kind: 'started' | 'stopped' }> | undefined; readonly lastTs: string };
  /** What the last owner fired last, all at once: it may not have lived to put these ticks. */
  readonly firedBefore: readonly FiredLine[];
  /** In the page cache when it returns. */
  append(lines: readonly SlotLine[]): void;
  /** What was appended is on disk. */
  flush(): Promise<void>;
  /** Lines about a cadence, newest first, from the day of this instant on. */
  lines(cadence: string, sinceMs: Ms): Iterable<SlotLine>;
  save(): void;
  close(): void;
}

/** The ledger from the files alone: no owner is needed. */
export interface SlotReading {
  cursors(): ReadonlyMap<string, SlotCursor>;
  /** What was fired last, all at once. */
  lastFired(): readonly FiredLine[];
  /** Where the day begins of which its oldest lines are. */
  beginMs(): Ms;
  /** Newest first, from the day of this instant on. */
  lines(cadence: string, sinceMs: Ms): Iterable<SlotLine>;
  /** The last that an owner wrote of its own life; undefined: none has been here. */
  lastLife(): Extract<SlotLine, { kind: 'started' | 'stopped' }> | undefined;
}

/** Ticks of the owner's own making. */
export interface TickDrop {
  /** On disk when it returns. The same tick again is the same file. */
  put(ticks: readonly { readonly name: TickName; readonly tick: Tick }[]): void;
}

/** Time that no clock on the wall shows. */
export interface Uptime {
  /** Time since the machine began, sleep included. */
  sinceBootMs(): Ms;
  /** Time during which this machine was awake; its zero means nothing. */
  awakeMs(): Ms;
  /** The zone that the machine is set to now; it may be carried into another. */
  timezone(): string;
}
