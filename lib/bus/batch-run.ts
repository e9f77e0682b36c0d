import { type BatchProgress, begunLine, doneLine, movedLine, parseBatchName, progressFile, splitLines } from '../core/batch.ts';
import type { Paths } from '../core/paths.ts';
import { formatTickName, type TickName } from '../core/tick.ts';
import type { Ms } from '../core/time/instant.ts';
import type { AppendLog, FileInfo, Files } from '../ports.ts';

/**
 * One batch under way, and how far it is. What begins and what moves stands in its progress file before it happens, in the
 * page cache as a rename would; what is settled may be written down later, for its record or its own file tells it too.
 */
export interface BatchRun {
  /** In `claimed/`. */
  readonly file: string;
  readonly id: string;
  /** For people. */
  readonly title: string;
  readonly inode: number;
  readonly mtimeMs: Ms;
  readonly lines: readonly string[];
  /** The first line that nobody has looked at. */
  next: number;
  /** Which line has an id. */
  readonly ids: Map<string, number>;
  /** Somebody has taken the file away: what was in it is nobody's any more. */
  isLost: boolean;
  isSettled(line: number): boolean;
  /** An earlier owner had begun or moved it. */
  isSeen(line: number): boolean;
  begin(line: number, id: string): void;
  move(line: number, name: TickName): void;
  settle(line: number): void;
  isOver(): boolean;
  /** What is settled is written down. */
  save(): void;
  /** And on disk. */
  flush(): Promise<void>;
  /** More was written behind it since it was read; false: it says something else now. */
  grow(text: string, info: FileInfo): boolean;
  isAsRead(info: FileInfo): boolean;
  close(): void;
}

/** A restart asks the log of runs for what was settled and not saved. */
const UNSAVED = 64;

export interface BatchRunDeps {
  readonly files: Pick<Files, 'append'>;
  readonly paths: Pick<Paths, 'claimed'>;
  readonly file: string;
  readonly text: string;
  readonly info: FileInfo;
  readonly progress: BatchProgress;
}

export function createBatchRun({ files, paths, file, text: firstText, info: firstInfo, progress: { begun, moved, done } }: BatchRunDeps): BatchRun {
  const { id = '', label = '' } = parseBatchName(file) ?? {};
  let [text, info] = [firstText, firstInfo];
  let log: AppendLog | undefined;
  let unsaved: number[] = [];
  const lines = splitLines(text);

  function progressLog(): AppendLog {
    log ??= files.append(`${paths.claimed}/${progressFile(file)}`);
    return log;
  }

  const write = (entry: string): void => progressLog().write(entry);

  function save(): void {
    if (unsaved.length === 0) return;
    write(doneLine(unsaved));
    unsaved = [];
  }

  return {
    file,
    id,
    title: `${label === '' ? id : label}.ndjson`,
    inode: info.inode,
    mtimeMs: info.mtimeMs,
    lines,
    next: 0,
    ids: new Map(),
    isLost: false,
    isSettled: (line) => done.has(line),
    isSeen: (line) => begun.has(line) || moved.has(line),
    begin: (line, tickId) => write(begunLine(line, tickId)),
    move: (line, name) => write(movedLine(line, formatTickName(name))),
    settle(line) {
      if (done.has(line)) return;
      done.add(line);
      unsaved.push(line);
      if (unsaved.length >= UNSAVED) save();
    },
    isOver: () => done.size >= lines.length,
    save,
    async flush() {
      save();
      // Also what an earlier owner wrote: this one may have added nothing to it.
      await progressLog().flush();
    },
    grow(newText, newInfo) {
      if (!newText.startsWith(text)) return false;
      const added = newText.slice(text.length);
      for (const line of splitLines(text.endsWith('\n') || text === '' ? added : added.replace(/^\n/, ''))) lines.push(line);
      [text, info] = [newText, newInfo];
      return true;
    },
    isAsRead: ({ inode, sizeBytes, mtimeMs }) => inode === info.inode && sizeBytes === info.sizeBytes && mtimeMs === info.mtimeMs,
    close() {
      log?.close();
      log = undefined;
    },
  };
}
