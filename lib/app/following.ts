import { CadenceError } from '../core/error.ts';
import { isFinal, type RunRecord } from '../core/run.ts';
import { createCursor } from '../platform/file-cursor.ts';
import { createFiles } from '../platform/files.ts';
import type { Closeable, Files } from '../ports.ts';
import { createReading } from './reading.ts';
import { waitForRun } from './waiting.ts';

export type Stream = 'stdout' | 'stderr';

export interface LogPiece {
  readonly stream: Stream;
  readonly text: string;
}

const BLOCK_BYTES = 64 * 1024;

/** What a run has said so far, stream by stream. `tailLines` gives only the last lines of each. */
export function readLogs(
  root: string,
  id: string,
  options: { readonly streams: readonly Stream[]; readonly tailLines: number | undefined; readonly raw: boolean },
  onPiece: (piece: LogPiece) => void,
): RunRecord {
  const { files, lookup } = createReading(root);
  const run = lookup(id);
  for (const stream of options.streams) {
    const path = pathOf(run, stream);
    const info = path === null ? undefined : files.info(path);
    if (path === null || info === undefined) continue;
    const from = options.tailLines === undefined ? 0 : tailOffset(files, path, info.sizeBytes, options.tailLines);
    createCursor(files, path, from, options.raw)((text) => onPiece({ stream, text }));
  }
  return run;
}

/** The output as it comes, until the run has ended. */
export async function followLogs(
  root: string,
  id: string,
  options: { readonly streams: readonly Stream[]; readonly raw: boolean },
  onPiece: (piece: LogPiece) => void,
): Promise<RunRecord> {
  const files = createFiles();
  const { lookup, paths } = createReading(root);
  const run = lookup(id);
  const cursors = options.streams.flatMap((stream) => {
    const path = pathOf(run, stream);
    return path === null ? [] : [{ stream, read: createCursor(files, path, 0, options.raw) }];
  });
  const readAll = (): void => {
    for (const { stream, read } of cursors) read((text) => onPiece({ stream, text }));
  };
  if (isFinal(run.status) || run.status === 'failed') {
    readAll();
    return run;
  }
  const watch: Closeable = files.watch(paths.subsessions, readAll);
  try {
    readAll();
    const ended = await waitForRun(root, run.run_id, undefined);
    readAll();
    return ended;
  } finally {
    watch.close();
  }
}

function pathOf(run: RunRecord, stream: Stream): string | null {
  return stream === 'stdout' ? run.stdout_path : run.stderr_path;
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

export function refuseOutputless(run: RunRecord): CadenceError {
  return new CadenceError('not_found', `${run.run_id} (${run.status}) has no output of its own`, `What is known of it: cadence-bus show ${run.run_id}`);
}
