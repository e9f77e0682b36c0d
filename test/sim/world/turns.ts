/** One life of one process: what waits for it is never called once it is dead, and waits on while it stands still. */
export interface Life {
  readonly name: string;
  isDead: boolean;
  isFrozen: boolean;
}

interface Timer {
  readonly atMs: number;
  readonly life: Life | undefined;
  readonly wake: () => void;
}

/**
 * The event loop of a machine that is not there. Nothing in it is called by chance or by real time: what is ready is
 * called in order, and between two calls every promise has its turn. So a story is told the same way every time.
 */
export interface Turns {
  /** In its turn; `life`: whose it is. */
  soon(life: Life | undefined, act: () => void): void;
  after(ms: number, life: Life | undefined, act: () => void): { close(): void };
  /** Calls all that is ready, until nothing is or so many rounds are over. True: nothing is left. */
  settle(rounds?: number): Promise<boolean>;
  /** Time of a machine that is awake. */
  awakeMs(): number;
  /** Moves the time on to the next timer that is due within `mostMs`, and calls it. Answers how long that took; undefined: there is none. */
  step(mostMs: number): number | undefined;
  /** Moves the time without looking at timers. */
  skip(ms: number): void;
}

const MOST_ROUNDS = 50_000;

export function createTurns(): Turns {
  let ready: { readonly life: Life | undefined; readonly act: () => void }[] = [];
  const timers = new Set<Timer>();
  let nowMs = 0;

  function takeReady(): typeof ready {
    const now = ready.filter(({ life }) => life === undefined || (!life.isDead && !life.isFrozen));
    ready = ready.filter(({ life }) => life?.isFrozen === true && !life.isDead);
    return now;
  }

  return {
    soon: (life, act) => void ready.push({ life, act }),
    after(ms, life, wake) {
      const timer = { atMs: nowMs + Math.max(0, ms), life, wake };
      timers.add(timer);
      return { close: () => void timers.delete(timer) };
    },
    async settle(rounds = MOST_ROUNDS) {
      for (let round = 0; round < rounds; round += 1) {
        await new Promise((resolve) => setImmediate(resolve));
        const now = takeReady();
        if (now.length === 0) return true;
        for (const { life, act } of now) if (life?.isDead !== true) act();
      }
      if (rounds === MOST_ROUNDS) throw new Error(`there is no end of work at one instant (${MOST_ROUNDS} rounds)`);
      return false;
    },
    awakeMs: () => nowMs,
    step(mostMs) {
      let first: Timer | undefined;
      for (const timer of timers) {
        if (timer.life?.isDead === true) timers.delete(timer);
        else if (timer.life?.isFrozen !== true && (first === undefined || timer.atMs < first.atMs)) first = timer;
      }
      if (first === undefined || first.atMs - nowMs > mostMs) return undefined;
      const tookMs = Math.max(0, first.atMs - nowMs);
      nowMs += tookMs;
      timers.delete(first);
      first.wake();
      return tookMs;
    },
    skip(ms) {
      nowMs += ms;
    },
  };
}
