import { CadenceError } from '../../lib/core/error.ts';
import type { AppendLog, Files } from '../../lib/ports.ts';

export interface CutFiles extends Files {
  /** Changing calls made so far, in order. */
  readonly calls: readonly string[];
  /** Resolves when the process that made them is dead. */
  readonly died: Promise<void>;
}

/**
 * A disk that dies after its n-th changing call: that call is done, and nothing after it. Reads before it are real. What
 * was done stays, as it does in the page cache when a process is killed. What is left of the owner meets a disk that
 * refuses everything, so it can change nothing any more. 0: it never dies, and only counts.
 */
export function cutFiles(files: Files, dieAfter: number): CutFiles {
  const calls: string[] = [];
  let die: () => void = () => undefined;
  const died = new Promise<void>((resolve) => {
    die = resolve;
  });
  const alive = (): void => {
    if (dieAfter === 0 || calls.length < dieAfter) return;
    die();
    throw new CadenceError('io', 'killed', '');
  };
  const reading =
    <A extends unknown[], R>(call: (...args: A) => R) =>
    (...args: A): R => {
      alive();
      return call(...args);
    };
  const changing =
    <A extends unknown[], R>(name: string, call: (...args: A) => R) =>
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
      get endBytes() {
        return log.endBytes;
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
    died,
    list: reading(files.list),
    listParts: reading(files.listParts),
    info: reading(files.info),
    read: reading(files.read),
    readRange: reading(files.readRange),
    open: reading(files.open),
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
