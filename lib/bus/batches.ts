import { CONTROL_CADENCE, FORCED_DUE_MS, type TickName } from '../core/tick.ts';
import { type Ms, toIso } from '../core/time/instant.ts';
import type { Clock, Ids, QueueNews, Soon } from '../ports.ts';
import { readTick, type TickReading } from '../wire/tick.ts';
import { textOfLine } from './batch-line.ts';
import type { BatchLines } from './batch-lines.ts';
import type { BatchRun } from './batch-run.ts';
import type { BatchStore } from './batch-store.ts';
import { nameOfStray } from './dead-letters.ts';
import { arrivedMs } from './judgement.ts';
import { isKeyed, keyedId, lineId } from './keyed-id.ts';
import { inSlices } from './slices.ts';
import { GROUP } from './unfolding.ts';

/**
 * `*.ndjson`: many ticks in one file, which runs in place (core/batch.ts).
 *
 * 1. One rename makes it ours. It is not changed any more, and removed when the last of its lines is settled.
 * 2. Its lines are looked at, some thousand ahead of what runs. What may run at once is pending from then on; what has to
 *    wait, and what is no tick, is written out as a file of its own.
 * 3. What runs, and what has ended, stands in its progress, so that the next owner goes on where this one died. Ids are
 *    derived from the batch where it does not name them.
 */
export interface Batches {
  /** Notes a batch of the inbox. */
  note(file: string): void;
  isNoted(file: string): boolean;
  /** Goes on with what was noted; true: there is more. */
  advance(): Soon<boolean>;
}

export interface BatchesDeps {
  readonly clock: Clock;
  readonly ids: Ids;
  readonly news: QueueNews;
  readonly store: BatchStore;
  readonly lines: BatchLines;
  /** It is pending or running. */
  isTaken(id: string): boolean;
  /** The text of a pending tick. */
  textOf(id: string): string | undefined;
}

type Reading = Extract<TickReading, { kind: 'tick' }>;

/** So many lie in memory at once. */
const AHEAD = 4_096;
/** So long may those that wait for a run under way keep others from being looked at. */
const PATIENCE_MS: Ms = 1_000;
const LOOKED_AT_A_ROUND = 1_024;
const UNFOLDED_A_ROUND = 4 * GROUP;

export function createBatches(deps: BatchesDeps): Batches {
  const { clock, ids, news, store, lines } = deps;
  const noted = new Set<string>();
  let fullSinceMs: Ms | undefined;

  function look(run: BatchRun, number: number): void {
    const text = textOfLine({ run, number });
    if (text.trim() === '') {
      run.settle(number);
      return;
    }
    const reading = readTick(text, toIso(run.mtimeMs));
    const isSeenTo = run.isSettled(number) || run.isSeen(number);
    if (reading.kind === 'tick') {
      if (isSeenTo) noteId(run, number, reading);
      else enter(run, number, reading);
    } else if (!isSeenTo) {
      const name = { ...nameOf(run, nameOfStray(run.title), lineId(run.id, number)), reason: 'malformed' as const };
      lines.leaveStray({ run, number, name, because: `line ${number + 1} of ${run.title}: ${reading.because}` });
    }
  }

  const nameOf = (run: BatchRun, cadence: string, id: string, dueMs = arrivedMs(run, clock.nowMs())): TickName => ({
    dueMs: Math.max(0, dueMs),
    cadence,
    id,
    attempts: 0,
  });

  function enter(run: BatchRun, number: number, reading: Reading): void {
    const { tick, dueMs } = reading;
    const id = choose(run, number, reading);
    if (id === undefined) {
      run.settle(number);
      return;
    }
    run.ids.set(id, number);
    const name = nameOf(run, tick.cadence, id, dueMs);
    lines.admit(name, { run, number, tick }, mayStay(name, reading));
  }

  /** An earlier owner has seen to it; later lines of its id must know. */
  function noteId(run: BatchRun, number: number, reading: Reading): void {
    const wanted = keyedId(ids, reading.tick) ?? reading.id;
    if (wanted !== undefined && !run.ids.has(wanted)) run.ids.set(wanted, number);
  }

  /** It may run now, as far as it says itself. */
  function mayStay({ dueMs, cadence }: TickName, { tick }: Reading): boolean {
    const isOrder = cadence === CONTROL_CADENCE || dueMs === FORCED_DUE_MS;
    return !isOrder && dueMs <= clock.nowMs() && tick.slot === undefined && tick.dead === undefined;
  }

  /** The same id once more is the same tick if it says the same, and one that was copied with its id if not. */
  function choose(run: BatchRun, number: number, reading: Reading): string | undefined {
    const { tick } = reading;
    const named = keyedId(ids, tick) ?? reading.id;
    const wanted = named ?? lineId(run.id, number);
    const twin = run.ids.get(wanted);
    if (twin === undefined && !deps.isTaken(wanted)) return wanted;
    const twinText = twin === undefined ? deps.textOf(wanted) : run.lines[twin];
    if (isKeyed(tick) || twinText?.trimEnd() === textOfLine({ run, number }).trimEnd()) {
      news.coalesced(wanted, tick.cadence, `line ${number + 1} of ${run.title} is pending already`);
      return undefined;
    }
    const own = lineId(run.id, number);
    return deps.isTaken(own) ? undefined : own;
  }

  /** The next batch that has lines which nobody has looked at. */
  function unread(): BatchRun | undefined {
    const open = store.unread();
    if (open !== undefined) return open;
    for (const file of noted) {
      const run = store.claim(file);
      noted.delete(file);
      if (run !== undefined) return run;
    }
    return undefined;
  }

  async function lookAhead(): Promise<void> {
    const breathe = inSlices(clock);
    const changed = new Set<BatchRun>();
    for (let n = 0; n < LOOKED_AT_A_ROUND && lines.size() < AHEAD; n += 1) {
      const run = unread();
      if (run === undefined) break;
      changed.add(run);
      if (run.next < run.lines.length) look(run, run.next);
      run.next += 1;
      const turn = breathe();
      if (turn !== undefined) await turn;
    }
    // What another tick serves must not run when that one has ended, and we have died.
    for (const run of changed) run.save();
    for (const run of changed) store.endIfOver(run);
  }

  const hasUnread = (): boolean => noted.size > 0 || store.unread() !== undefined;

  function makeRoom(): void {
    const nowMs = clock.nowMs();
    if (lines.size() < AHEAD || !hasUnread()) fullSinceMs = undefined;
    else if (fullSinceMs === undefined) fullSinceMs = nowMs;
    else if (Math.abs(nowMs - fullSinceMs) >= PATIENCE_MS) {
      lines.leavePassedOver();
      fullSinceMs = undefined;
    }
  }

  async function goOn(): Promise<boolean> {
    for (const run of store.takeLost()) lines.drop(run);
    // Before a batch may end: it might come back without a word of what has left it.
    await lines.payOwed();
    store.tendAll();
    makeRoom();
    await lookAhead();
    await lines.unfold(UNFOLDED_A_ROUND);
    return lines.hasLeaving() || hasUnread();
  }

  return {
    note: (file) => void noted.add(file),
    isNoted: (file) => noted.has(file),
    // Without batches there is nothing to go on with, and this is asked before every run.
    advance: () => (noted.size === 0 && store.isEmpty() && !lines.hasLeaving() ? false : goOn()),
  };
}
