import type { Paths } from '../core/paths.ts';
import type { RunRecord } from '../core/run.ts';
import { type DeadName, formatDeadName, formatTickName } from '../core/tick.ts';
import type { Files, QueueNews } from '../ports.ts';
import { type BatchLine, type StrayLine, textOfLine } from './batch-line.ts';
import type { BatchRun } from './batch-run.ts';
import type { DeadLetters } from './dead-letters.ts';
import type { Entry } from './pending.ts';

/**
 * Lines of a batch become files of their own: each is on disk, under the name that says where it belongs, before the batch
 * says that it is done. Drafts are flushed many at a time.
 */
export interface Unfolding {
  /** `entries` wait from now on like any other; what ended meanwhile is left out. */
  unfold(entries: readonly Entry[], strays: readonly StrayLine[]): Promise<void>;
  /** What is claimed from its own file must not be met in the batch again, whatever the machine does: where the disk refused to note that, it is asked again. */
  payOwed(): Promise<void>;
  /** Somebody has taken the batch away: it says nothing any more. */
  forget(run: BatchRun): void;
  /** A line dies. */
  bury(line: BatchLine, name: DeadName, because: string, attempts: readonly RunRecord[]): void;
}

/** Their drafts are flushed at the same time. */
export const GROUP = 64;

export interface UnfoldingDeps {
  readonly files: Files;
  readonly paths: Paths;
  readonly news: QueueNews;
  readonly deadLetters: DeadLetters;
}

type Draft = { readonly path: string } & ({ readonly entry: Entry; readonly line: BatchLine } | { readonly stray: StrayLine });

export function createUnfolding({ files, paths, news, deadLetters }: UnfoldingDeps): Unfolding {
  /** Batches that do not say on disk yet what has left them. */
  const owing = new Set<BatchRun>();
  const draftOf = ({ run, number }: BatchLine | StrayLine): string => `${paths.tmp}/${run.id}.${number}.json`;

  async function write(drafts: readonly Draft[]): Promise<void> {
    const logs = [];
    try {
      for (const draft of drafts) {
        files.remove(draft.path);
        const log = files.append(draft.path);
        logs.push(log);
        log.write(`${textOfLine('stray' in draft ? draft.stray : draft.line)}\n`);
      }
      await Promise.all(logs.map((log) => log.flush()));
    } finally {
      for (const log of logs) log.close();
    }
  }

  function place(draft: Draft): void {
    const { path } = draft;
    if ('stray' in draft) {
      const { name, because } = draft.stray;
      const isDeadAlready = files.info(`${paths.dlq}/${formatDeadName(name)}`) !== undefined;
      const dead = isDeadAlready ? undefined : deadLetters.buryStray(path, name, because);
      if (dead === undefined) files.remove(path);
      else news.dead(dead, because);
    } else if (draft.entry.gone || draft.entry.line !== draft.line) files.remove(path);
    else files.rename(path, `${paths.waiting}/${formatTickName(draft.entry.name)}`);
  }

  /** Only now does the batch have nothing to do with it any more. */
  function release(draft: Draft): void {
    if ('stray' in draft) {
      draft.stray.run.settle(draft.stray.number);
    } else if (!draft.entry.gone && draft.entry.line === draft.line) {
      const { entry, line } = draft;
      [entry.folder, entry.file, entry.line] = ['waiting', formatTickName(entry.name), undefined];
      line.run.settle(line.number);
    }
  }

  async function unfoldGroup(drafts: readonly Draft[]): Promise<void> {
    for (const draft of drafts) if ('entry' in draft) draft.line.run.move(draft.line.number, draft.entry.name);
    await write(drafts);
    for (const draft of drafts) place(draft);
    if (drafts.some((draft) => 'entry' in draft)) files.flushDir(paths.waiting);
    if (drafts.some((draft) => 'stray' in draft)) files.flushDir(paths.dlq);
    for (const draft of drafts) {
      release(draft);
      owing.add(('stray' in draft ? draft.stray : draft.line).run);
    }
    await payOwed();
  }

  async function payOwed(): Promise<void> {
    await Promise.all(
      [...owing].map(async (run) => {
        await run.flush();
        owing.delete(run);
      }),
    );
  }

  return {
    payOwed,
    forget: (run) => void owing.delete(run),
    async unfold(entries, strays) {
      const drafts: readonly Draft[] = [
        ...entries.flatMap((entry) => (entry.line === undefined ? [] : [{ path: draftOf(entry.line), entry, line: entry.line }])),
        ...strays.map((stray) => ({ path: draftOf(stray), stray })),
      ];
      for (let from = 0; from < drafts.length; from += GROUP) await unfoldGroup(drafts.slice(from, from + GROUP));
    },
    bury(line, name, because, attempts) {
      if (line.run.isSettled(line.number)) return;
      const isDead = line.mayBeDead === true && files.info(`${paths.dlq}/${formatDeadName(name)}`) !== undefined;
      line.mayBeDead = true;
      if (isDead) {
        deadLetters.report(name, line.tick, because, attempts);
      } else {
        files.write(draftOf(line), `${textOfLine(line)}\n`);
        deadLetters.bury(draftOf(line), name, line.tick, because, attempts);
      }
      line.run.settle(line.number);
    },
  };
}
