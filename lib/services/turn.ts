import type { Clock } from '../ports.ts';

/** One turn of the event loop, as far as work may be done in it. */
export interface Turn {
  /** Whether the work is done before the next turn: then there is no need to come back for it. */
  endsIn(work: Promise<void>): Promise<boolean>;
}

/** `onFault` takes what the work throws. */
export function createTurn(clock: Pick<Clock, 'breathe'>, onFault: (error: unknown) => void): Turn {
  /** Who waits for an answer. What has been answered stays until the turn is over. */
  let asked: ((isDone: boolean) => void)[] = [];

  function close(): void {
    const late = asked;
    asked = [];
    for (const answer of late) answer(false);
  }

  return {
    endsIn: (work) =>
      new Promise((answer) => {
        if (asked.length === 0) void clock.breathe().then(close);
        asked.push(answer);
        work.then(() => answer(true), onFault);
      }),
  };
}
