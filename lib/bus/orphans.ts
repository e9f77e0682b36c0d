import { batchOfProgress, parseBatchName } from '../core/batch.ts';
import type { Paths } from '../core/paths.ts';
import { parseTickName } from '../core/tick.ts';
import { toIso } from '../core/time/instant.ts';
import type { Claim, Clock, Files } from '../ports.ts';
import { readTick } from '../wire/tick.ts';
import { textOfLine } from './batch-line.ts';
import type { BatchLines } from './batch-lines.ts';
import type { BatchRun } from './batch-run.ts';
import type { BatchStore } from './batch-store.ts';
import { arrivedMs } from './judgement.ts';
import type { LeftFiles } from './left-files.ts';
import type { Opening } from './opening.ts';

export interface OrphansDeps {
  readonly files: Files;
  readonly clock: Clock;
  readonly paths: Paths;
  readonly left: LeftFiles;
  readonly opening: Opening;
  readonly store: BatchStore;
  readonly lines: BatchLines;
}

/** What an earlier owner left in `claimed/`: its claims, and batches that it had begun, which go on where it died. */
export function createOrphans(deps: OrphansDeps): () => readonly Claim[] {
  const { files, clock, paths, left, opening, store, lines } = deps;

  function openClaim(file: string): Claim | undefined {
    const name = parseTickName(file);
    if (name === undefined) {
      if (!file.startsWith('.')) left.leave(`${paths.claimed}/${file}`, 'it has no name of a tick');
      return undefined;
    }
    return opening.open({ name: { ...name, attempts: Math.max(0, name.attempts - 1) }, folder: 'waiting', file, gone: true }, name);
  }

  /** Which of these ticks have files of their own, on disk by now: their batch, which forgets them, may not outlive them. */
  function placedOf(ids: ReadonlySet<string>): ReadonlySet<string> {
    const placed = new Set<string>();
    if (ids.size === 0) return placed;
    for (const folder of [paths.waiting, paths.claimed]) {
      files.flushDir(folder);
      for (const part of files.listParts(folder)) {
        for (const file of part) {
          const id = parseTickName(file)?.id;
          if (id !== undefined && ids.has(id)) placed.add(id);
        }
      }
    }
    return placed;
  }

  function adopt(run: BatchRun, number: number, id: string): Claim | undefined {
    const reading = readTick(textOfLine({ run, number }), toIso(run.mtimeMs));
    if (reading.kind === 'malformed') return undefined;
    const dueMs = Math.max(0, reading.dueMs ?? arrivedMs(run, clock.nowMs()));
    return lines.adopt({ dueMs, cadence: reading.tick.cadence, id, attempts: 1 }, { run, number, tick: reading.tick, mayBeDead: true });
  }

  /** `adopted`: the ids of claims that other batches had under way. Of two lines with one key the later one is begun when the first has ended, and neither may say so yet. */
  function openBatch(file: string, adopted: Set<string>): readonly Claim[] {
    const found = store.reopen(file);
    if (found === undefined) return [];
    const { run, progress } = found;
    const { begun, moved, done } = progress;
    const isOpen = (number: number): boolean => !done.has(number) && number < run.lines.length;
    const open = [...begun, ...[...moved].map(([number, { id }]) => [number, id] as const)].filter(([number]) => isOpen(number));
    const placed = placedOf(new Set(open.map(([, id]) => id)));
    for (const [number, name] of moved) {
      if (!isOpen(number)) continue;
      run.ids.set(name.id, number);
      const reading = readTick(textOfLine({ run, number }), toIso(run.mtimeMs));
      if (placed.has(name.id) || reading.kind === 'malformed') run.settle(number);
      else lines.wait(name, { run, number, tick: reading.tick, mayBeDead: true });
    }
    const claims: Claim[] = [];
    for (const [number, id] of begun) {
      if (!isOpen(number) || moved.has(number)) continue;
      run.ids.set(id, number);
      const claim = placed.has(id) || adopted.has(id) ? undefined : adopt(run, number, id);
      if (claim === undefined) run.settle(number);
      else {
        claims.push(claim);
        adopted.add(id);
      }
    }
    run.save();
    store.endIfOver(run);
    return claims;
  }

  return () => {
    const names = files.list(paths.claimed);
    const there = new Set(names);
    const claims: Claim[] = [];
    const adopted = new Set<string>();
    const batches = names.flatMap((file) => batchOfProgress(file) ?? []);
    store.forgetProgress(batches.filter((batch) => !there.has(batch)));
    for (const file of names) {
      if (batchOfProgress(file) !== undefined) continue;
      if (parseBatchName(file) !== undefined) {
        claims.push(...openBatch(file, adopted));
      } else {
        const claim = openClaim(file);
        if (claim !== undefined) claims.push(claim);
      }
    }
    return claims;
  };
}
