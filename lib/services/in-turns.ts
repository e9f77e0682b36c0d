import type { Clock } from '../ports.ts';

const RECORDS_A_TURN = 5_000;

/** All of them, with a turn for other work between many: whoever asks an owner meanwhile is to hear that it lives. */
export async function* inTurns<T>(clock: Pick<Clock, 'breathe'>, all: Iterable<T>): AsyncGenerator<T> {
  let count = 0;
  for (const one of all) {
    yield one;
    count += 1;
    if (count % RECORDS_A_TURN === 0) await clock.breathe();
  }
}
