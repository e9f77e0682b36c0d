import type { Ms } from './core/time/instant.ts';
import type { Clock, Closeable } from './ports.ts';

/**
 * The only code that waits. `poll` works and answers with the instant at which there is something to do again, or
 * undefined where only a `wake` changes anything. Timers stop while a machine sleeps, so a long wait is made of steps of
 * five minutes at most and ends in steps of ten seconds of wall-clock time; a wait of minutes costs a handful of wake-ups, an
 * idle loop none. After a step that took longer than the clock on the wall says, that clock was set back: what is waited for was
 * named by another time, so it is asked for again.
 */
export interface Loop {
  wake(): void;
  /** Resolves when the poll under way has ended; no other begins. */
  stop(): Promise<void>;
}

const STEP_MS: Ms = 10_000;
const LONGEST_STEP_MS: Ms = 300_000;
/** Clocks are slewed, and timers round. */
const SLEWED_MS: Ms = 1_000;

/** `longestMs`: who waits for anything looks this often, for what must be noticed soon after a sleep. */
export function createLoop(deps: { clock: Clock; poll: () => Promise<Ms | undefined>; onError: (error: unknown) => void; longestMs?: Ms }): Loop {
  const { clock, poll, onError, longestMs } = deps;
  let timer: Closeable | undefined;
  let running: Promise<void> | undefined;
  let isWoken = false;
  let isStopped = false;

  function arm(atMs: Ms | undefined): void {
    if (atMs === undefined) return;
    const sinceMs = clock.nowMs();
    const restMs = Math.max(0, atMs - sinceMs);
    const stepMs = Math.min(restMs, longestMs ?? Math.min(LONGEST_STEP_MS, Math.max(STEP_MS, restMs / 2)));
    timer = clock.after(stepMs, () => {
      timer = undefined;
      const nowMs = clock.nowMs();
      const isSetBack = nowMs < sinceMs + stepMs - SLEWED_MS;
      if (nowMs >= atMs || longestMs !== undefined || isSetBack) wake();
      else arm(atMs);
    });
  }

  async function turn(): Promise<void> {
    let nextMs: Ms | undefined;
    do {
      // Hints come in swarms, one a file; a look at the end of the event loop's turn answers them all.
      await clock.breathe();
      if (isStopped) return;
      isWoken = false;
      nextMs = await poll();
    } while (isWoken && !isStopped);
    if (!isStopped) arm(nextMs);
  }

  function wake(): void {
    isWoken = true;
    if (running !== undefined || isStopped) return;
    timer?.close();
    timer = undefined;
    running = turn()
      .catch(onError)
      .finally(() => {
        running = undefined;
        if (isWoken && !isStopped) wake();
      });
  }

  return {
    wake,
    async stop() {
      isStopped = true;
      timer?.close();
      await running;
    },
  };
}
