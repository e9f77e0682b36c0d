import { CadenceError } from '../../core/error.ts';
import type { Paths } from '../../core/paths.ts';
import { createProcesses } from '../../platform/processes.ts';
import type { AppendLog, Child, Clock, Closeable, Files } from '../../ports.ts';
import { isDiskFault } from '../../services/storage-health.ts';
import type { OwnerPorts } from './ports.ts';

/**
 * What one owner holds of the machine: timers, watches, open logs, children. When it has ended, or could not start, all of it
 * is let go, whichever part asked for it: nothing wakes it any more, its children go on without it, and what they come to is
 * for the next owner to hear. So a program that had an owner can end, and an owner that has ended writes nothing.
 */
export interface OwnerLife extends Closeable {
  /** Those of the machine, for this life. */
  readonly ports: OwnerPorts;
}

const NOTHING: Closeable = { close: () => undefined };

export function beginLife(machine: OwnerPorts, paths: Paths): OwnerLife {
  const held = new Set<Closeable>();
  let isOver = false;

  function hold<T extends Closeable>(one: T): T {
    if (isOver) one.close();
    else held.add(one);
    return one;
  }

  /** The same, and no longer held once it has been closed. */
  function holdOpen(one: Closeable): Closeable {
    const own: Closeable = {
      close() {
        held.delete(own);
        one.close();
      },
    };
    return hold(own);
  }

  const clock: Clock = {
    ...machine.clock,
    after(ms, wake) {
      if (isOver) return NOTHING;
      const timer = holdOpen(
        machine.clock.after(ms, () => {
          held.delete(timer);
          wake();
        }),
      );
      return timer;
    },
  };

  /** What goes on for a while, though its owner has ended, changes nothing any more: the root may be another's. */
  const fenced =
    <A extends readonly [string, ...unknown[]], R>(call: (...words: A) => R) =>
    (...words: A): R => {
      if (isOver) throw new CadenceError('io', `cannot change ${words[0]}: its owner has ended`, 'What it did not do is done by the next owner.');
      return call(...words);
    };

  function append(path: string): AppendLog {
    const log = machine.files.append(path);
    const { close } = holdOpen(log);
    return {
      get endBytes() {
        return log.endBytes;
      },
      write: (text) => log.write(text),
      flush: () => log.flush(),
      close,
    };
  }

  const { files: disk } = machine;
  const files: Files = {
    ...disk,
    write: fenced(disk.write),
    create: fenced(disk.create),
    rename: fenced(disk.rename),
    remove: fenced(disk.remove),
    removeTree: fenced(disk.removeTree),
    makeDir: fenced(disk.makeDir),
    truncate: fenced(disk.truncate),
    append: fenced(append),
    watch: (dir, onChange) => holdOpen(disk.watch(dir, onChange)),
  };
  const processes = machine.processes ?? createProcesses({ clock, files, paths });

  /** It is nobody's here any more once the life is over: its end is not heard, and does not keep the process. */
  function mind(child: Child): Child {
    const own = hold({ close: child.leave });
    const exited = new Promise<Awaited<Child['exited']>>((resolve, reject) => {
      const unlessOver =
        <V>(tell: (value: V) => void) =>
        (value: V): void => {
          held.delete(own);
          if (!isOver) tell(value);
        };
      child.exited.then(unlessOver(resolve), unlessOver(reject));
    });
    return { ...child, exited };
  }

  return {
    ports: {
      ...machine,
      clock,
      files,
      processes: { ...processes, start: (spec) => mind(processes.start(spec)), adopt: (runId, runDir) => mind(processes.adopt(runId, runDir)) },
      watchCadences: (...words) => holdOpen(machine.watchCadences(...words)),
      openLog(dir) {
        const log = machine.openLog(dir);
        const { close } = holdOpen(log);
        return { write: log.write, close };
      },
    },
    close() {
      isOver = true;
      for (const one of [...held]) letGo(one);
      held.clear();
    },
  };
}

/** A disk that refuses even this must not keep the rest. */
function letGo(one: Closeable): void {
  try {
    one.close();
  } catch (error) {
    if (!isDiskFault(error)) throw error;
  }
}
