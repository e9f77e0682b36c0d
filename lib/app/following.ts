import { basename } from 'node:path';
import { CadenceError } from '../core/error.ts';
import { isFinal, type RunRecord } from '../core/run.ts';
import { NOT_BEGUN } from '../core/session/progress.ts';
import { tell } from '../core/session/view.ts';
import { lastLines, withoutColours } from '../core/text/excerpt.ts';
import { createCursor } from '../platform/file-cursor.ts';
import type { Files } from '../ports.ts';
import { createReading, type Reading } from './reading.ts';
import { waitForRun } from './waiting.ts';

export type Stream = 'stdout' | 'stderr';

export interface LogPiece {
  readonly stream: Stream;
  readonly text: string;
}

export interface LogOptions {
  readonly streams: readonly Stream[];
  /** Of each stream only the last lines of what is there already. */
  readonly tailLines?: number | undefined;
  /** Of each stream only so much of its end. */
  readonly tailBytes?: number;
  readonly raw: boolean;
  /** A session's stream in words, for people. */
  readonly told?: boolean;
  /** It is asked for by name: where it is no more, that is an error. */
  readonly isAsked?: boolean;
}

type Outputs = Pick<RunRecord, 'stdout_path' | 'stderr_path'>;

const BLOCK_BYTES = 64 * 1024;

/** What a run has said so far, stream by stream. */
export function readLogs(root: string, id: string, options: LogOptions, onPiece: (piece: LogPiece) => void): RunRecord {
  const reading = createReading(root);
  const run = reading.lookup(id);
  const tails = createTails(reading, run, options, onPiece);
  readAll(tails, run, options);
  return run;
}

/** Of a run that is over. What was said and is no more must not look like nothing said. */
function readAll(tails: Tails, run: RunRecord, { streams, isAsked = false }: LogOptions): void {
  const found = tails.read(run);
  tails.end();
  const kept = streams.flatMap((stream) => run[`${stream}_path`] ?? []);
  if (!isAsked || run.status === 'running' || found > 0 || kept[0] === undefined) return;
  throw new CadenceError(
    'not_found',
    `what ${run.run_id} said is not there any more: ${kept[0]}`,
    `Retention has taken it, or somebody has removed it. What is known of it: cadence-bus show ${run.run_id}`,
  );
}

/**
 * The output as it comes, until the run has ended. A run that has not begun has no files yet: where they are is asked
 * again whenever something changes among them. Whoever aborts `signal` has heard enough.
 */
export async function followLogs(root: string, id: string, options: LogOptions, onPiece: (piece: LogPiece) => void, signal?: AbortSignal): Promise<RunRecord> {
  const reading = createReading(root);
  const { files, outputs, paths } = reading;
  const run = reading.lookup(id);
  const tails = createTails(reading, run, options, onPiece);
  if (isFinal(run.status) || run.status === 'failed') {
    readAll(tails, run, options);
    return run;
  }
  tails.read(run);
  const read = (): void => {
    tails.read(outputs(run.run_id));
  };
  files.makeDir(paths.subsessions);
  const watch = files.watch(paths.subsessions, read);
  try {
    read();
    const ended = await waitForRun(root, run.run_id, undefined, signal);
    tails.read(ended);
    return ended;
  } finally {
    watch.close();
    tails.end();
  }
}

interface Tails {
  /** Answers with how many files are there. */
  read(outputs: Outputs): number;
  /** A last line without its newline is told too. */
  end(): void;
}

/** Every file of a run is read on from where it was left. */
function createTails(reading: Reading, run: RunRecord, options: LogOptions, onPiece: (piece: LogPiece) => void): Tails {
  const { files, paths } = reading;
  const cursors = new Map<string, ReturnType<typeof createCursor>>();
  const teller = createTeller((text) => onPiece({ stream: 'stdout', text }));
  const isTold = (stream: Stream): boolean =>
    options.told === true && stream === 'stdout' && (run.session_id !== undefined || reading.kindUnderWay(run.run_id) === 'claude');

  function begin(path: string, sizeBytes: number, stream: Stream): (onText: (text: string) => void) => void {
    const least = Math.max(0, sizeBytes - (options.tailBytes ?? sizeBytes));
    const from = options.tailLines === undefined ? least : Math.max(least, tailOffset(files, path, sizeBytes, options.tailLines));
    const told = isTold(stream);
    const read = createCursor(files, path, from, options.raw || told);
    return told ? () => read(teller.hear) : read;
  }

  return {
    read(outputs) {
      for (const stream of options.streams) {
        const written = outputs[`${stream}_path`];
        if (written === null) continue;
        // A root that was moved has taken its output along.
        const [path = written] = [written, `${paths.subsessions}/${basename(written)}`].filter((one) => files.info(one) !== undefined);
        const info = files.info(path);
        if (info === undefined) continue;
        const read = cursors.get(path) ?? begin(path, info.sizeBytes, stream);
        cursors.set(path, read);
        read((text) => onPiece({ stream, text }));
      }
      return cursors.size;
    },
    end: teller.end,
  };
}

/** What a session says, line by line, in words. */
function createTeller(onText: (text: string) => void): { hear(text: string): void; end(): void } {
  let progress = NOT_BEGUN;
  let open = '';
  const say = (line: string): void => {
    const told = tell(progress, line);
    progress = told.progress;
    for (const words of told.lines) onText(`${words}\n`);
  };
  return {
    hear(text) {
      const lines = (open + text).split('\n');
      open = lines.pop() ?? '';
      for (const line of lines) say(line);
    },
    end() {
      if (open !== '') say(open);
      open = '';
    },
  };
}

/** What a run under way has said last, in one line, of whichever stream it has written to last; '' : nothing yet. Only the end of the file is read. */
export function lastLineOf(reading: Reading, run: RunRecord): string {
  const { files } = reading;
  const found = [run.stdout_path, run.stderr_path].flatMap((path) => {
    const info = path === null ? undefined : files.info(path);
    return path === null || info?.kind !== 'file' || info.sizeBytes === 0 ? [] : [{ path, ...info }];
  });
  const [newest] = found.toSorted((a, b) => b.mtimeMs - a.mtimeMs);
  if (newest === undefined) return '';
  const start = Math.max(0, newest.sizeBytes - BLOCK_BYTES);
  const text = files.readRange(newest.path, start, BLOCK_BYTES).toString('utf8');
  if (newest.path !== run.stdout_path || reading.kindUnderWay(run.run_id) !== 'claude') return lastLines(withoutColours(text), 1)[0] ?? '';
  let told = '';
  const teller = createTeller((words) => {
    told += words;
  });
  teller.hear(text);
  teller.end();
  return lastLines(told, 1)[0] ?? '';
}

/** Where the last lines begin, found from the end; a newline at the very end closes the last line and begins none. */
function tailOffset(files: Files, path: string, sizeBytes: number, lines: number): number {
  let left = lines;
  for (let end = sizeBytes - 1; end > 0; end -= BLOCK_BYTES) {
    const start = Math.max(0, end - BLOCK_BYTES);
    const block = files.readRange(path, start, end - start);
    for (let index = block.lastIndexOf(0x0a); index >= 0; index = index === 0 ? -1 : block.lastIndexOf(0x0a, index - 1)) {
      left -= 1;
      if (left === 0) return start + index + 1;
    }
  }
  return 0;
}

/** A run without output of its own. */
export function hasOutput(run: RunRecord): boolean {
  return run.stdout_path !== null || run.stderr_path !== null;
}

/** By which `logs` finds the words of a run: of a tick that waits for its next try those of the last one. undefined: there are none. */
export function idOfOutput(run: RunRecord): string | undefined {
  if (run.status === 'running') return run.run_id;
  if (!hasOutput(run)) return undefined;
  return run.ended_at === null ? run.tick : run.run_id;
}

export function refuseOutputless(run: RunRecord): CadenceError {
  return new CadenceError('not_found', `${run.run_id} (${run.status}) has no output of its own`, `What is known of it: cadence-bus show ${run.run_id}`);
}
