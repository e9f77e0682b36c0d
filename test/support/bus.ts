import { writeFileSync } from 'node:fs';
import { createFileQueue } from '../../lib/bus/file-queue.ts';
import { type Paths, pathsOf } from '../../lib/core/paths.ts';
import { formatTickName } from '../../lib/core/tick.ts';
import { createFiles } from '../../lib/platform/files.ts';
import { createIds } from '../../lib/platform/ids.ts';
import type { Clock, Files, Queue } from '../../lib/ports.ts';
import { tempRoot } from './temp-root.ts';

/** A clock that moves when the test says so. Timers are kept, and called when their time has come. */
export interface TestClock extends Clock {
  set(ms: number): void;
  advance(ms: number): void;
}

export function testClock(startMs = Date.UTC(2026, 10, 20, 7)): TestClock {
  let nowMs = startMs;
  let timers: { atMs: number; wake: () => void }[] = [];
  const set = (ms: number): void => {
    nowMs = ms;
    const due = timers.filter((timer) => timer.atMs <= nowMs);
    timers = timers.filter((timer) => timer.atMs > nowMs);
    for (const timer of due) timer.wake();
  };
  return {
    nowMs: () => nowMs,
    random: () => 0.5,
    after(ms, wake) {
      const timer = { atMs: nowMs + ms, wake };
      timers.push(timer);
      return {
        close() {
          timers = timers.filter((other) => other !== timer);
        },
      };
    },
    breathe: () => new Promise((resolve) => setImmediate(resolve)),
    set,
    advance: (ms) => set(nowMs + ms),
  };
}

export interface TestBus {
  readonly root: string;
  readonly paths: Paths;
  readonly files: Files;
  readonly clock: TestClock;
  readonly queue: Queue;
  /** What the queue told, in order: `dead malformed …`. */
  readonly news: string[];
  /** Another owner's queue over the same folders. */
  again(): Queue;
  drop(file: string, content: string | object): string;
  canonical(cadence: string, id: string, attempts?: number, dueMs?: number): string;
  ls(folder: 'inbox' | 'waiting' | 'claimed' | 'dlq' | 'tmp'): readonly string[];
}

/** A bus on real files in a folder of its own. */
export function testBus(options: { files?: Files; budget?: number; page?: number } = {}): TestBus {
  const root = tempRoot();
  const paths = pathsOf(root);
  const { files = createFiles(), budget, page } = options;
  const clock = testClock(Date.now());
  const news: string[] = [];
  for (const dir of [paths.inbox, paths.waiting, paths.claimed, paths.dlq, paths.tmp, paths.running, paths.runs, paths.journal, paths.subsessions])
    files.makeDir(dir);
  const again = (): Queue =>
    createFileQueue({
      files,
      clock,
      ids: createIds(),
      paths,
      ...(budget === undefined ? {} : { budget }),
      ...(page === undefined ? {} : { page }),
      news: {
        dead: (name, because) => news.push(`dead ${name.reason} ${name.cadence}: ${because}`),
        coalesced: (id) => news.push(`coalesced ${id}`),
        adopted: (name) => news.push(`adopted ${name.id}`),
        left: (path, because) => news.push(`left ${path.slice(root.length)}: ${because}`),
      },
    });
  return {
    root,
    paths,
    files,
    clock,
    queue: again(),
    news,
    again,
    drop(file, content) {
      const path = `${paths.inbox}/${file}`;
      writeFileSync(path, typeof content === 'string' ? content : `${JSON.stringify(content)}\n`, { mode: 0o600 });
      return path;
    },
    canonical: (cadence, id, attempts = 0, dueMs = clock.nowMs() - 1000) => formatTickName({ dueMs, cadence, id, attempts }),
    ls: (folder) => [...files.list(paths[folder])].sort(),
  };
}
