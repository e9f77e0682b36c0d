/**
 * Group commit. A flush asked for while one is under way cannot rely on it, for that one may have passed the newest bytes
 * already; so one more starts after it, for all who have asked meanwhile.
 */
export interface SharedFlush {
  /** Something was written. */
  spoil(): void;
  /** Resolves when all that was written before this call is flushed. */
  request(): Promise<void>;
  isClean(): boolean;
  isIdle(): boolean;
  /** Calls `then` once nothing is under way or asked for. */
  whenIdle(then: () => void): void;
}

export function shareFlushes(flush: () => Promise<void>): SharedFlush {
  let written = 0;
  let flushed = -1;
  let running: Promise<void> | undefined;
  let next: Promise<void> | undefined;

  async function once(): Promise<void> {
    const covers = written;
    try {
      await flush();
      flushed = covers;
    } finally {
      running = undefined;
    }
  }

  function start(): Promise<void> {
    next = undefined;
    running = once();
    return running;
  }

  return {
    spoil() {
      written++;
    },
    request() {
      if (next !== undefined) return next;
      if (running !== undefined) {
        // Whether the one before it failed is the matter of those who wait for that one.
        next = running.then(start, start);
        return next;
      }
      return flushed === written ? Promise.resolve() : start();
    },
    isClean: () => flushed === written,
    isIdle: () => running === undefined && next === undefined,
    whenIdle(then) {
      const last = next ?? running;
      if (last === undefined) then();
      else last.then(then, then);
    },
  };
}
