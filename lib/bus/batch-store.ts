import { batchName, formatBatchName, MAX_BATCH_BYTES, progressFile, readProgress } from '../core/batch.ts';
import type { Paths } from '../core/paths.ts';
import type { Ms } from '../core/time/instant.ts';
import type { Clock, FileInfo, Files, Ids, QueueNews } from '../ports.ts';
import { type BatchRun, createBatchRun } from './batch-run.ts';
import { type DeadLetters, nameOfStray } from './dead-letters.ts';
import type { LeftFiles } from './left-files.ts';
import type { Stillness } from './stillness.ts';

/** The batches under way: from the inbox into `claimed/`, and out of it when all of their lines are settled. */
export interface BatchStore {
  /** One rename; undefined: it is not whole yet, or it is none, or it is gone. */
  claim(file: string): BatchRun | undefined;
  /** One that an earlier owner left. */
  reopen(file: string): { readonly run: BatchRun; readonly progress: ReturnType<typeof readProgress> } | undefined;
  isEmpty(): boolean;
  /** The first that has lines which nobody has looked at. */
  unread(): BatchRun | undefined;
  endIfOver(run: BatchRun): void;
  /** Writes down what the disk refused, or what need not be written at once, and ends those that are over. */
  tendAll(): void;
  /** Those that somebody has taken away since the last time. */
  takeLost(): readonly BatchRun[];
  /** What says how far these were, which are gone: it goes when that is on disk, or a power cut would bring them back without it. */
  forgetProgress(batches: readonly string[]): void;
}

export interface BatchStoreDeps {
  readonly files: Files;
  readonly clock: Clock;
  readonly ids: Ids;
  readonly paths: Paths;
  readonly news: QueueNews;
  readonly deadLetters: DeadLetters;
  readonly stillness: Stillness;
  readonly left: LeftFiles;
  condemn(file: string, reason: 'malformed' | 'rejected', because: string): void;
  /** It is still being written. */
  lookAgainAt(atMs: Ms): void;
  /** The inbox must be read anew. */
  relook(): void;
}

/** What says how far they were goes when so many, or all, are known to be gone for good. */
const ENDED_AT_ONCE = 32;

export function createBatchStore(deps: BatchStoreDeps): BatchStore {
  const { files, ids, paths, stillness, left } = deps;
  const open = new Set<BatchRun>();
  const ended: string[] = [];
  const inboxPath = (file: string): string => `${paths.inbox}/${file}`;
  const claimedPath = (file: string): string => `${paths.claimed}/${file}`;

  /** true: it may still be growing. */
  function isGrowing(file: string, info: FileInfo): boolean {
    const againMs = stillness.untilMs(file, info);
    if (againMs !== undefined) deps.lookAgainAt(againMs);
    return againMs !== undefined;
  }

  function readWhole(file: string): { readonly text: string; readonly info: FileInfo } | undefined {
    const found = files.read(inboxPath(file), MAX_BATCH_BYTES);
    switch (found?.kind) {
      case undefined:
        return undefined;
      case 'text':
        return !found.text.endsWith('\n') && isGrowing(file, found.info) ? undefined : found;
      case 'not_a_file':
      case 'unreadable':
        deps.condemn(file, 'rejected', found.kind === 'unreadable' ? 'it cannot be read' : 'it is not a regular file');
        return undefined;
      case 'too_large':
      case 'not_utf8':
        if (found.info !== undefined && isGrowing(file, found.info)) return undefined;
        deps.condemn(file, 'malformed', found.kind === 'not_utf8' ? 'it is not UTF-8 text' : `a batch has at most ${MAX_BATCH_BYTES} bytes`);
        return undefined;
    }
  }

  function claim(file: string): BatchRun | undefined {
    const found = readWhole(file);
    if (found === undefined) return undefined;
    const { text, info } = found;
    const wanted = formatBatchName(batchName(ids.keyed('batch', file, String(info.inode), String(info.mtimeMs)), file));
    const name = files.info(claimedPath(wanted)) === undefined ? wanted : formatBatchName(batchName(ids.fresh(), file));
    if (!files.rename(inboxPath(file), claimedPath(name))) return undefined;
    stillness.forget(file);
    if (files.info(claimedPath(name))?.inode !== info.inode) {
      // Another file bore the name by then, and has not been read.
      if (files.info(inboxPath(file)) === undefined) files.rename(claimedPath(name), inboxPath(file));
      deps.relook();
      return undefined;
    }
    const run = createBatchRun({ files, paths, file: name, text, info, progress: readProgress('') });
    open.add(run);
    return run;
  }

  /** What was written behind it, through a handle that was open when we took it, belongs to it; true: it goes on. */
  function goesOn(run: BatchRun): boolean {
    const path = claimedPath(run.file);
    const info = files.info(path);
    if (info === undefined || run.isAsRead(info)) return false;
    const found = files.read(path, MAX_BATCH_BYTES);
    if (found?.kind !== 'text') {
      const name = { dueMs: deps.clock.nowMs(), cadence: nameOfStray(run.title), id: ids.fresh(), attempts: 0, reason: 'malformed' as const };
      const because = 'its first lines ran, and what was written behind them cannot be read';
      const dead = deps.deadLetters.buryStray(path, name, because);
      if (dead !== undefined) deps.news.dead(dead, because);
      return false;
    }
    deps.relook();
    run.save();
    if (!found.text.endsWith('\n') && isGrowing(run.file, found.info)) return true;
    if (run.grow(found.text, found.info)) return !run.isOver();
    // It says something else now, so it is another batch.
    files.rename(path, inboxPath(`${ids.fresh()}.ndjson`));
    return false;
  }

  function forgetProgress(batches: readonly string[]): void {
    if (batches.length === 0) return;
    files.flushDir(paths.claimed);
    for (const file of batches) files.remove(claimedPath(progressFile(file)));
  }

  /** The batch goes first, and for good: without what says how far it was, it would run anew. */
  function endIfOver(run: BatchRun): void {
    if (!open.has(run) || !run.isOver() || goesOn(run)) return;
    run.close();
    files.remove(claimedPath(run.file));
    open.delete(run);
    stillness.forget(run.file);
    ended.push(run.file);
    if (open.size > 0 && ended.length < ENDED_AT_ONCE) return;
    forgetProgress(ended);
    ended.length = 0;
  }

  return {
    claim: (file) => left.spare(inboxPath(file), () => claim(file)),
    reopen(file) {
      const found = left.spare(claimedPath(file), () => files.read(claimedPath(file), MAX_BATCH_BYTES));
      if (found?.kind !== 'text') {
        if (found !== undefined) left.leave(claimedPath(file), 'it cannot be read as the batch that it was');
        return undefined;
      }
      const said = files.read(claimedPath(progressFile(file)), MAX_BATCH_BYTES);
      const progress = readProgress(said?.kind === 'text' ? said.text : '');
      const run = createBatchRun({ files, paths, file, text: found.text, info: found.info, progress });
      open.add(run);
      return { run, progress };
    },
    isEmpty: () => open.size === 0,
    unread() {
      for (const run of open) if (run.next < run.lines.length) return run;
      return undefined;
    },
    endIfOver,
    forgetProgress,
    tendAll() {
      for (const run of open) run.save();
      for (const run of open) endIfOver(run);
    },
    takeLost() {
      const lost = [...open].filter((run) => files.info(claimedPath(run.file))?.inode !== run.inode);
      forgetProgress(lost.map(({ file }) => file));
      for (const run of lost) {
        run.isLost = true;
        open.delete(run);
        run.close();
      }
      return lost;
    },
  };
}
