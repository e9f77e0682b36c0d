import type { Ms } from '../core/time/instant.ts';
import type { Clock, Closeable } from '../ports.ts';
import type { ProcessEntry, ProcessTable } from './process-table.ts';

/**
 * Looks now and then whether processes that are no children of ours live: in rounds, so that for any number of them there
 * is one timer and one question to the system, which on macOS is the start of a program.
 */
export interface LifeWatch {
  /** Tells it at the next round, once. Nobody hears of it after `close`. */
  atNextRound(anchor: ProcessEntry, tell: (isAlive: boolean) => void, fail: (error: unknown) => void): Closeable;
}

/** The folder of a run tells of its end at once; a round finds what no hint told, and whose shim was killed. */
const ROUND_MS: Ms = 10_000;

export function createLifeWatch({ clock, table }: { readonly clock: Pick<Clock, 'after'>; readonly table: Pick<ProcessTable, 'among'> }): LifeWatch {
  interface Asked {
    readonly anchor: ProcessEntry;
    readonly tell: (isAlive: boolean) => void;
    readonly fail: (error: unknown) => void;
  }
  const asked = new Set<Asked>();
  let timer: Closeable | undefined;

  async function round(): Promise<void> {
    timer = undefined;
    const all = [...asked];
    try {
      const answers = await areAlive(
        table,
        all.map(({ anchor }) => anchor),
      );
      for (const [n, one] of all.entries()) if (asked.delete(one)) one.tell(answers[n] as boolean);
    } catch (error) {
      for (const one of all) if (asked.delete(one)) one.fail(error);
    }
  }

  return {
    atNextRound(anchor, tell, fail) {
      const one = { anchor, tell, fail };
      asked.add(one);
      timer ??= clock.after(ROUND_MS, () => void round());
      return {
        close() {
          asked.delete(one);
          if (asked.size > 0) return;
          timer?.close();
          timer = undefined;
        },
      };
    },
  };
}

/** A pid that somebody else bears now is not alive. */
export async function areAlive(table: Pick<ProcessTable, 'among'>, anchors: readonly ProcessEntry[]): Promise<readonly boolean[]> {
  const now = new Map((await table.among(anchors.map(({ pid }) => pid))).map((entry) => [entry.pid, entry]));
  return anchors.map(({ pid, startedAt }) => {
    const entry = now.get(pid);
    return entry !== undefined && entry.state !== 'zombie' && entry.startedAt === startedAt;
  });
}
