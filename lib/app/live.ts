import { CadenceError } from '../core/error.ts';
import { type Ms, parseIso } from '../core/time/instant.ts';
import { createClock } from '../platform/clock.ts';
import type { Clock, Closeable } from '../ports.ts';
import { readTop, type TopView } from './answers/top-view.ts';
import { createHints, type Hints } from './top-hints.ts';

export { openTerminal } from '../platform/terminal.ts';

/** What a surface shows of a root now: the view, and where the last reading was refused, why. */
export interface Shown {
  readonly view: TopView;
  readonly refused: string | undefined;
}

export interface LiveDeps {
  readonly clock: Pick<Clock, 'nowMs' | 'after'>;
  readonly read: () => Promise<TopView>;
  readonly hints: (onHint: () => void) => Hints;
  /** Shows it, and answers with how long all that is shown stays true; undefined: nothing of it moves. */
  readonly show: (shown: Shown) => Ms | undefined;
}

export interface Live extends Closeable {
  /** The surface has changed: another size, a key. */
  redraw(): void;
  /** Rejects when it cannot go on. */
  readonly failed: Promise<never>;
}

/** So rarely at least is shown what has moved, and read what has happened: a burst is one reading, which never takes more than a fifth of a processor. */
const BETWEEN_SHOWS_MS: Ms = 1_000;
const BETWEEN_READS_MS: Ms = 500;
const TIMES_ITS_COST = 4;
/** What an owner does at an instant is done a moment later. */
const GRACE_MS: Ms = 1_000;

/**
 * Reads when something has happened, and when an instant has come at which the answer changes by itself; shows it when it was read, and
 * when a time on the screen moves on. In between it sleeps: there is one timer, and none where nothing will move.
 */
export function createLive({ clock, read, hints: createHints, show }: LiveDeps): Live {
  let [isStale, isReading, isClosed] = [true, false, false];
  let rest = { untilMs: 0, forMs: 0 };
  let shown: Shown | undefined;
  let moveMs: Ms | undefined;
  let changeMs: Ms | undefined;
  let timer: Closeable | undefined;
  let fail: (error: unknown) => void;
  const failed = new Promise<never>((_resolve, reject) => {
    fail = reject;
  });
  const hints = createHints(() => {
    isStale = true;
    plan();
  });

  /** A clock that was set back makes nobody wait for longer than was meant. */
  function restMs(nowMs: Ms): Ms {
    const leftMs = rest.untilMs - nowMs;
    return leftMs > rest.forMs ? 0 : Math.max(0, leftMs);
  }

  function plan(): void {
    timer?.close();
    timer = undefined;
    if (isClosed || isReading) return;
    const nowMs = clock.nowMs();
    const waits = [...(isStale ? [restMs(nowMs)] : []), ...[moveMs, changeMs].flatMap((atMs) => (atMs === undefined ? [] : [Math.max(0, atMs - nowMs)]))];
    if (waits.length > 0) timer = clock.after(Math.min(...waits), () => void wake().catch(fail));
  }

  async function wake(): Promise<void> {
    timer = undefined;
    const nowMs = clock.nowMs();
    if (changeMs !== undefined && nowMs >= changeMs) isStale = true;
    if (isStale && restMs(nowMs) === 0) await readAnew();
    if (!isClosed) redraw();
  }

  async function readAnew(): Promise<void> {
    [isStale, isReading] = [false, true];
    hints.follow(undefined);
    const beganMs = clock.nowMs();
    try {
      const view = await read();
      shown = { view, refused: undefined };
      if (!isClosed) hints.follow(view.owner.state);
    } catch (error) {
      if (!(error instanceof CadenceError) || shown === undefined) throw error;
      shown = { ...shown, refused: error.message };
    } finally {
      isReading = false;
    }
    const nowMs = clock.nowMs();
    // For an owner that does not answer it was only waited.
    const costMs = shown.view.owner.state === 'silent' ? 0 : nowMs - beganMs;
    const forMs = Math.max(BETWEEN_READS_MS, TIMES_ITS_COST * costMs);
    rest = { untilMs: nowMs + forMs, forMs };
    const comes = nextChange(shown.view, nowMs);
    changeMs = comes === undefined ? undefined : comes + GRACE_MS;
  }

  function redraw(): void {
    if (shown === undefined || isClosed) return;
    const staysMs = show(shown);
    moveMs = staysMs === undefined ? undefined : clock.nowMs() + Math.max(BETWEEN_SHOWS_MS, staysMs);
    plan();
  }

  plan();
  return {
    redraw,
    failed,
    close() {
      isClosed = true;
      timer?.close();
      hints.close();
    },
  };
}

/** The next instant at which it is another answer, though nothing happens: a hold ends, a slot comes. */
function nextChange({ holds, accounts, cadences }: TopView, nowMs: Ms): Ms | undefined {
  const instants = [...holds.map(({ until }) => until), ...accounts.map(({ until }) => until), ...cadences.map(({ next }) => next)];
  const coming = instants.map((at) => parseIso(at) ?? 0).filter((atMs) => atMs > nowMs);
  return coming.length === 0 ? undefined : Math.min(...coming);
}

/** Of a root on this machine. */
export function watchRoot(root: string, show: LiveDeps['show']): Live {
  return createLive({ clock: createClock(), read: () => readTop(root), hints: (onHint) => createHints(root, onHint), show });
}
