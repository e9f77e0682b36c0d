import type { Loop } from '../../loop.ts';
import type { Clock, Closeable } from '../../ports.ts';
import { isDiskFault } from '../../services/storage-health.ts';
import type { OwnerParts } from '../compose.ts';

/** What there is of an owner when it ends; where it could not start, some of it. */
export interface Ending {
  readonly parts: OwnerParts;
  readonly loop: Loop;
  /** They bring work. */
  readonly watches: readonly Closeable[];
  /** They hear to the last word what is told of it. */
  readonly listeners: readonly Closeable[];
}

/** How an owner ends: once, and by the first cause. */
export interface OwnerEnd {
  /** Resolves with the reason when it has ended and the root is free; rejects with the fault that ended it. */
  readonly ended: Promise<string>;
  /** Nobody can handle this. It ends the owner, and while it starts, its start. */
  fail(error: unknown): void;
  stop(because: string): Promise<void>;
  /** Rejects with what stood in the way of `begin`, or with a fault that came meanwhile; then all that had begun has ended. */
  start(ending: Ending, begin: () => Promise<void>): Promise<void>;
  /** It could not start, and nothing of it is left to be ended: the root is freed. */
  abandon(error: unknown): Promise<void>;
}

export interface OwnerEndDeps {
  /** Tells whoever looks at `owner.json` that it has ended, and why. */
  readonly note: (because: string) => void;
  readonly free: () => void;
}

export function createOwnerEnd({ note, free }: OwnerEndDeps): OwnerEnd {
  let fault: { readonly error: unknown } | undefined;
  let up: Ending | undefined;
  let stopping: Promise<void> | undefined;
  let settle: (because: string) => void = () => undefined;
  let refuse: (error: unknown) => void = () => undefined;
  // Whoever started the owner awaits this; a fault that nobody awaits must end the process, and does.
  const ended = new Promise<string>((resolve, reject) => {
    settle = (because) => (fault === undefined ? resolve(because) : reject(fault.error));
  });

  function fail(error: unknown): void {
    fault ??= { error };
    if (up === undefined) refuse(error);
    else void stop(`it met a fault: ${wordsOf(error)}`);
  }

  async function leave(because: string): Promise<void> {
    try {
      await unlessDiskRefuses(() => note(because));
    } finally {
      free();
    }
  }

  async function stop(because: string): Promise<void> {
    stopping ??= (up === undefined ? Promise.resolve() : endOwner(up, because))
      .catch(fail)
      .then(() => leave(because))
      .catch(fail)
      .then(() => settle(because));
    await stopping;
  }

  return {
    ended,
    fail,
    stop,
    async start(ending, begin) {
      try {
        // What has met a fault may never come to an end.
        const refused = new Promise<never>((_resolve, reject) => {
          refuse = reject;
        });
        await Promise.race([begin(), refused]);
        if (fault !== undefined) throw fault.error;
        up = ending;
      } catch (error) {
        // What this meets besides is found by the next owner; the first cause is told.
        await Promise.allSettled([endOwner(ending, unstarted(error))]);
        throw error;
      }
    },
    async abandon(error) {
      await Promise.allSettled([leave(unstarted(error))]);
    },
  };
}

function unstarted(error: unknown): string {
  return `it could not start: ${wordsOf(error)}`;
}

function wordsOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

const INLINE_GRACE_MS = 5_000;
const RECORD_GRACE_MS = 10_000;
const REFUSED_GRACE_MS = 1_000;

/** Ends inline runs, leaves children to the next owner, writes what is open. The root is not free yet. */
async function endOwner({ parts, loop, watches, listeners }: Ending, because: string): Promise<void> {
  for (const watch of watches) watch.close();
  parts.consumer.close();
  await loop.stop();
  await unlessDiskRefuses(() => parts.scheduling.end(because));
  parts.jobs.stopAll('owner_end', ['inline']);
  await within(parts.clock, INLINE_GRACE_MS, parts.jobs.ended(['inline']));
  await within(parts.clock, parts.health.fault() === undefined ? RECORD_GRACE_MS : REFUSED_GRACE_MS, parts.conclusion.idle());
  await unlessDiskRefuses(parts.book.save);
  parts.journal.emit({ level: 'info', stage: 'owner_stopped', because });
  await unlessDiskRefuses(parts.journal.flush);
  for (const listener of listeners) listener.close();
  await unlessDiskRefuses(parts.runLog.close);
  await unlessDiskRefuses(parts.journal.close);
}

/** A disk that refuses must not keep an owner from its end: what it does not take is found by the next one. */
async function unlessDiskRefuses(act: () => Promise<void> | void): Promise<void> {
  try {
    await act();
  } catch (error) {
    if (!isDiskFault(error)) throw error;
  }
}

/** Waits for the work, but no longer than this. */
async function within(clock: Clock, ms: number, work: Promise<void>): Promise<void> {
  let timer: Closeable | undefined;
  const late = new Promise<void>((resolve) => {
    timer = clock.after(ms, resolve);
  });
  await Promise.race([work, late]);
  timer?.close();
}
