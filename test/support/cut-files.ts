import type { AppendLog, Files } from '../../lib/ports.ts';

/** Thrown by every call after the cut: the process that made them is dead. */
export class Cut extends Error {}

export interface CutFiles extends Files {
  /** Changing calls made so far, in order. */
  readonly calls: readonly string[];
}

/**
 * A disk that dies after its n-th changing call: that call is done, and nothing after it. Reads before it are real. What
 * was done stays, as it does in the page cache when a process is killed. 0: it never dies, and only counts.
 */
export function cutFiles(files: Files, dieAfter: number): CutFiles {
  const calls: string[] = [];
  const alive = (): void => {
    if (dieAfter > 0 && calls.length >= dieAfter) throw new Cut('killed');
  };
  const reading = <A extends unknown[], R>(call: (...args: A) => R) =>
    (...args: A): R => {
      alive();
      return call(...args);
    };
  const changing = <A extends unknown[], R>(name: string, call: (...args: A) => R) =>
    (...args: A): R => {
      alive();
      const answer = call(...args);
      calls.push(`${name} ${String(args[0]).split('/').slice(-2).join('/')}`);
      return answer;
    };
  const append = (path: string): AppendLog => {
    alive();
    const log = files.append(path);
    return {
      get sizeBytes() {
        return log.sizeBytes;
      },
      write: changing(`append ${path.split('/').slice(-2).join('/')}`, (text: string) => log.write(text)),
      async flush() {
        alive();
        await log.flush();
        alive();
      },
      close: () => log.close(),
    };
  };
  return {
    calls,
    list: reading(files.list),
    info: reading(files.info),
    read: reading(files.read),
    readRange: reading(files.readRange),
    write: changing('write', files.write),
    create: changing('create', files.create),
    rename: changing('rename', files.rename),
    remove: changing('remove', files.remove),
    removeTree: changing('removeTree', files.removeTree),
    makeDir: reading(files.makeDir),
    flushDir: reading(files.flushDir),
    append,
    truncate: changing('truncate', files.truncate),
    watch: reading(files.watch),
    freeBytes: reading(files.freeBytes),
    realPath: reading(files.realPath),
  };
}
