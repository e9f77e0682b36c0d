import { type HealBook, NO_HEALING, type Overlay, overlayOf } from '../core/heal/book.ts';
import type { Doc } from '../ports.ts';

/** The one copy in memory of what the ladder remembers. Every change is on disk when `change` returns. */
export interface HealingBook {
  now(): HealBook;
  change(next: HealBook): void;
  overlay(cadence: string): Overlay | undefined;
}

export function createHealingBook(doc: Doc<HealBook>): HealingBook {
  let known: HealBook | undefined;
  const now = (): HealBook => {
    known ??= doc.read() ?? NO_HEALING;
    return known;
  };
  return {
    now,
    change(next) {
      if (next === known) return;
      doc.write(next);
      known = next;
    },
    overlay: (cadence) => overlayOf(now(), cadence),
  };
}
