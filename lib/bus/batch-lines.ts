import type { RunRecord } from '../core/run.ts';
import type { Transition } from '../core/settle.ts';
import type { TickName } from '../core/tick.ts';
import type { Claim, Soon } from '../ports.ts';
import type { BatchLine, StrayLine } from './batch-line.ts';
import type { BatchRun } from './batch-run.ts';
import type { Entry, Pending } from './pending.ts';
import type { Unfolding } from './unfolding.ts';

/**
 * The lines of batches under way, from the look at them to their end. One that may run at once runs where it stands, and
 * costs no file. What has to wait leaves: it is written out as a file of its own, by the hundred, and is from then on a
 * tick like any other. What waits for a run under way stays, unless it keeps others from being looked at.
 */
export interface BatchLines {
  /** How many lie in memory. */
  size(): number;
  hasLeaving(): boolean;
  /** It is pending; unless it may stay, it leaves at once. */
  admit(name: TickName, line: BatchLine, mayStay: boolean): void;
  isLeaving(entry: Entry): boolean;
  leaveStray(stray: StrayLine): void;
  forget(entry: Entry): void;
  /** Somebody asks what is next of this cadence, and takes it, or does not. */
  offer(cadence: string): void;
  take(cadence: string): void;
  /** Its run begins: one line in the progress of its batch. */
  begin(entry: Entry, line: BatchLine): Claim;
  /** An earlier owner had begun it. */
  adopt(name: TickName, line: BatchLine): Claim;
  /** It waits under this name, and stands so in the batch's progress until it has its own file. */
  wait(name: TickName, line: BatchLine): void;
  /** The line that this claim stands for. */
  lineOf(claim: Claim): BatchLine | undefined;
  settle(claim: Claim, line: BatchLine, transition: Transition, attempts: readonly RunRecord[]): Soon<boolean>;
  /** Ends without a run, and without a trace but its record. */
  discard(line: BatchLine): boolean;
  /** Its cadence is held for long. */
  leaveHeld(cadence: string): void;
  /** No more can be looked at before some of them are gone: what was offered, and passed over, leaves. */
  leavePassedOver(): void;
  /** What leaves becomes files, at most so many. */
  unfold(most: number): Promise<void>;
  /** What the disk has refused to note of those that have left is noted now. */
  payOwed(): Promise<void>;
  unfoldNow(entry: Entry): Promise<void>;
  /** With others of its cadence, which are likely to share its fate. */
  unfoldBeside(entry: Entry): Promise<void>;
  /** Nothing was done with this claim. false: it is no line. */
  putBack(claim: Claim, name: TickName): boolean;
  /** Nothing of a lost batch is pending any more. */
  drop(run: BatchRun): void;
}

export interface BatchLinesDeps {
  readonly pending: Pick<Pending, 'add' | 'remove'>;
  readonly unfolding: Unfolding;
  /** A line was settled: its batch may be at its end. */
  readonly onSettled: (run: BatchRun) => void;
}

const BESIDE = 255;

export function createBatchLines({ pending, unfolding, onSettled }: BatchLinesDeps): BatchLines {
  /** By cadence. */
  const staying = new Map<string, Set<Entry>>();
  const [leaving, strays, offered] = [new Set<Entry>(), new Set<StrayLine>(), new Set<string>()];
  const claims = new Map<string, BatchLine>();
  let count = 0;

  function forget(entry: Entry): void {
    const all = staying.get(entry.name.cadence);
    if (all?.delete(entry) === true) {
      count -= 1;
      if (all.size === 0) staying.delete(entry.name.cadence);
    }
    leaving.delete(entry);
  }

  function stay(entry: Entry): void {
    const { cadence } = entry.name;
    const all = staying.get(cadence);
    if (all === undefined) staying.set(cadence, new Set([entry]));
    else all.add(entry);
    count += 1;
  }

  function leave(entry: Entry): void {
    forget(entry);
    leaving.add(entry);
  }

  function leaveHeld(cadence: string): void {
    for (const entry of staying.get(cadence) ?? []) leave(entry);
  }

  function adopt(name: TickName, line: BatchLine): Claim {
    claims.set(name.id, line);
    return { name, tick: line.tick };
  }

  function wait(name: TickName, line: BatchLine): void {
    line.run.move(line.number, name);
    const entry: Entry = { name, folder: 'batch', file: '', gone: false, line };
    pending.add(entry);
    leaving.add(entry);
  }

  function carryOut(line: BatchLine, transition: Transition, attempts: readonly RunRecord[]): void {
    if (transition.to === 'dlq') unfolding.bury(line, transition.name, transition.because, attempts);
    if (transition.to === 'waiting') wait(transition.name, line);
    else {
      line.run.settle(line.number);
      onSettled(line.run);
    }
  }

  function settle({ name }: Claim, line: BatchLine, transition: Transition, attempts: readonly RunRecord[]): Soon<boolean> {
    const settleNow = (): boolean => {
      const { isLost } = line.run;
      if (!isLost) carryOut(line, transition, attempts);
      claims.delete(name.id);
      return !isLost;
    };
    // What lies in the dlq must not be met in the batch as if nobody had begun it, whatever the machine does.
    return transition.to === 'dlq' ? line.run.flush().then(settleNow) : settleNow();
  }

  async function unfold(entries: readonly Entry[], bad: readonly StrayLine[]): Promise<void> {
    const runs = new Set([...entries.flatMap(({ line }) => line?.run ?? []), ...bad.map(({ run }) => run)]);
    await unfolding.unfold(entries, bad);
    for (const entry of entries) forget(entry);
    for (const stray of bad) strays.delete(stray);
    for (const run of runs) onSettled(run);
  }

  return {
    size: () => count + leaving.size + strays.size,
    hasLeaving: () => leaving.size + strays.size > 0,
    admit(name, line, mayStay) {
      const entry: Entry = { name, folder: 'batch', file: '', gone: false, line };
      pending.add(entry);
      if (mayStay) stay(entry);
      else leaving.add(entry);
    },
    isLeaving: (entry) => leaving.has(entry),
    leaveStray: (stray) => void strays.add(stray),
    forget,
    offer(cadence) {
      if (staying.has(cadence)) offered.add(cadence);
    },
    take: (cadence) => void offered.delete(cadence),
    begin(entry, line) {
      line.run.begin(line.number, entry.name.id);
      forget(entry);
      return adopt({ ...entry.name, attempts: entry.name.attempts + 1 }, line);
    },
    adopt,
    wait,
    lineOf: ({ name }) => claims.get(name.id),
    settle,
    discard(line) {
      if (line.run.isLost) return false;
      line.run.settle(line.number);
      // No run tells a restart that it has ended.
      line.run.save();
      onSettled(line.run);
      return true;
    },
    leaveHeld,
    leavePassedOver() {
      for (const cadence of offered) leaveHeld(cadence);
      offered.clear();
    },
    async unfold(most) {
      if (leaving.size + strays.size === 0) return;
      const entries = [...leaving].slice(0, most);
      await unfold(entries, [...strays].slice(0, most - entries.length));
    },
    payOwed: () => unfolding.payOwed(),
    unfoldNow: (entry) => unfold([entry], []),
    unfoldBeside: (entry) => unfold([entry, ...[...(staying.get(entry.name.cadence) ?? [])].filter((other) => other !== entry).slice(0, BESIDE)], []),
    putBack(claim, name) {
      const line = claims.get(claim.name.id);
      if (line === undefined) return false;
      claims.delete(claim.name.id);
      const entry: Entry = { name, folder: 'batch', file: '', gone: false, line };
      pending.add(entry);
      leaving.add(entry);
      return true;
    },
    drop(run) {
      unfolding.forget(run);
      for (const entry of [...leaving, ...[...staying.values()].flatMap((all) => [...all])]) {
        if (entry.line?.run !== run) continue;
        forget(entry);
        pending.remove(entry);
      }
      for (const stray of strays) if (stray.run === run) strays.delete(stray);
    },
  };
}
