/**
 * The conservation proof. A tick that was ever seen lies in one place or has a final record; what has neither is
 * missing, what lies in two places is doubled. Both lists are empty as long as this program is right and nobody
 * removes files by hand.
 */
export interface Census {
  readonly waiting: ReadonlySet<string>; // inbox and waiting
  readonly running: ReadonlySet<string>; // claimed
  readonly dead: ReadonlySet<string>; // dlq
  /** Ids with a final record. */
  readonly finished: ReadonlySet<string>;
  /** Ids that the journal or the log of runs has ever named; those that are finished may be left out. */
  readonly seen: ReadonlySet<string>;
}

export interface Audit {
  readonly enqueued: number;
  readonly waiting: number;
  readonly running: number;
  readonly finished: number;
  readonly dead: number;
  readonly missing: readonly string[];
  readonly doubled: readonly string[];
}

export function takeCensus(census: Census): Audit {
  const { waiting, running, dead } = census;
  const placed = new Set([...waiting, ...running, ...dead]);
  const finished = [...census.finished].filter((id) => !placed.has(id));
  const missing = [...census.seen].filter((id) => !placed.has(id) && !census.finished.has(id)).sort();
  const doubled = [...placed].filter((id) => Number(waiting.has(id)) + Number(running.has(id)) + Number(dead.has(id)) > 1).sort();
  return {
    enqueued: placed.size + finished.length + missing.length,
    waiting: waiting.size,
    running: running.size,
    finished: finished.length,
    dead: dead.size,
    missing,
    doubled,
  };
}
