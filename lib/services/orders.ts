import { holdsForgotten, isStale, staleKeys, type Users } from '../core/hold-use.ts';
import { type Holds, holdsPause, holdsReset, holdsResume, holdsTrip } from '../core/holds.ts';
import type { Outcome } from '../core/outcome.ts';
import type { Paths } from '../core/paths.ts';
import { isCadenceName, isTickId, parseBuriedName, parseRunId } from '../core/tick.ts';
import { type Ms, parseIso } from '../core/time/instant.ts';
import type { Clock, Files, Journal, Queue } from '../ports.ts';
import type { HoldsBook } from './holds-book.ts';

/**
 * Orders to the owner: ticks of the cadence `bus-control`, whoever sends them. One queue, one order, one log. Nothing
 * holds them: neither a halt nor a breaker nor a full lane.
 */
export interface Orders {
  carryOut(payload: unknown): Promise<Outcome>;
}

type Fields = Readonly<Record<string, unknown>>;

export interface OrdersDeps {
  readonly files: Files;
  readonly clock: Clock;
  readonly paths: Paths;
  readonly queue: Queue;
  readonly journal: Journal;
  readonly book: HoldsBook;
  /** Stops a run of this tick under way; false: it does not run. */
  readonly stopRun: (tickId: string) => boolean;
  /** Stops what this cadence runs, and who mends it; so many runs. */
  readonly stopRuns: (cadence: string) => number;
  /** Ends a tick that is pending; false: it is not. */
  readonly cancelPending: (tickId: string) => Promise<boolean>;
  /** No warnings about missed slots of this cadence until then, or until it runs again. */
  readonly ignoreMissed: (cadence: string, untilMs: Ms) => Promise<void>;
  /** Approves, ignores or resolves an incident. */
  readonly incident: (fields: Fields) => Promise<Outcome>;
  /** What a session or a person answers to an incident. */
  readonly respond: (fields: Fields) => Promise<Outcome>;
  readonly stopAll: () => number;
  readonly allCadences: () => readonly string[];
  /** Who is there to be held. */
  readonly users: () => Users;
  /** What an operator gives as a reason is kept, and told to many. */
  readonly redact: (text: string) => string;
}

/** An order that cannot be carried out is over, with its reason; it is no failure of a cadence, and nothing for the dlq. */
const fail = (reason: string): Outcome => ({ kind: 'skip', reason });
const done = (summary: string): Outcome => ({ kind: 'ok', summary });
const KEY = /^(?:bus|(?:cadence|account|provider):[a-z0-9][a-z0-9-]{0,48}[a-z0-9])$/;

const LONGEST_IGNORED_MS: Ms = 48 * 3_600_000;

export function createOrders(deps: OrdersDeps): Orders {
  const { book, clock } = deps;
  const because = (fields: Fields, otherwise: string): string =>
    typeof fields.because === 'string' && fields.because !== '' ? deps.redact(fields.because).slice(0, 300) : otherwise;

  function changeHolds(next: Holds, answer: string): Outcome {
    book.change(next);
    return done(answer);
  }

  /** What nobody uses any more is forgotten with its pause: no run would ever prove it. */
  async function reset({ key }: Fields): Promise<Outcome> {
    if (key !== undefined && (typeof key !== 'string' || !KEY.test(key))) return fail(`"${String(key)}" is no key of a breaker`);
    const gone = key === undefined ? staleKeys(book.holds(), deps.users()) : isStale(key, deps.users()) ? [key] : [];
    book.change(holdsForgotten(holdsReset(book.holds(), key, clock.nowMs()), gone));
    const cadences = key === undefined ? deps.allCadences() : key.startsWith('cadence:') ? [key.slice(8)] : [];
    for (const cadence of cadences) await deps.queue.hasten(cadence);
    return done(key === undefined ? 'every breaker is closed' : `${key} is closed`);
  }

  async function cancel(fields: Fields): Promise<Outcome> {
    const id = typeof fields.id === 'string' ? fields.id : '';
    const tickId = isTickId(id) ? id : parseRunId(id)?.id;
    if (tickId === undefined) return fail(`"${id}" is no id of a run or a tick`);
    if (deps.stopRun(tickId)) return done(`${tickId} is being stopped`);
    return (await deps.cancelPending(tickId)) ? done(`${tickId} is cancelled`) : fail(`${tickId} neither waits nor runs`);
  }

  /** Whatever it runs by now, and the next try of the tick that failed. */
  async function abort({ cadence, id }: Fields): Promise<Outcome> {
    if (typeof cadence !== 'string' || !isCadenceName(cadence)) return fail(`"${String(cadence)}" cannot be aborted`);
    const stopped = deps.stopRuns(cadence);
    const isCancelled = typeof id === 'string' && isTickId(id) && (await deps.cancelPending(id));
    if (stopped === 0 && !isCancelled) return fail(`${cadence} runs nothing, and no try of it waits`);
    return done([...(stopped === 0 ? [] : [stoppedInWords(stopped)]), ...(isCancelled ? [`${id} is cancelled`] : [])].join('; '));
  }

  function purge(fields: Fields): Outcome {
    const names = Array.isArray(fields.files)
      ? fields.files.filter((file): file is string => typeof file === 'string' && parseBuriedName(file) !== undefined)
      : [];
    for (const file of names) deps.files.removeTree(`${deps.paths.dlq}/${file}`);
    return done(`${names.length} dead ${names.length === 1 ? 'tick is' : 'ticks are'} removed`);
  }

  function pause(fields: Fields): Outcome {
    const { key } = fields;
    if (typeof key !== 'string' || !KEY.test(key)) return fail(`"${String(key)}" cannot be paused`);
    deps.journal.emit({ level: 'warn', stage: 'paused', key });
    return changeHolds(holdsPause(book.holds(), key, because(fields, 'paused by an operator'), clock.nowMs()), `${key} is paused`);
  }

  function resume(fields: Fields): Outcome {
    const { key } = fields;
    if (typeof key !== 'string' || !KEY.test(key)) return fail(`"${String(key)}" cannot be resumed`);
    if (key === 'bus') deps.files.remove(deps.paths.halt);
    deps.journal.emit({ level: 'info', stage: 'resumed', key });
    return changeHolds(holdsResume(book.holds(), key), `${key} goes on`);
  }

  async function ignore(fields: Fields): Promise<Outcome> {
    const { cadence, until } = fields;
    const untilMs = parseIso(until);
    if (typeof cadence !== 'string' || !isCadenceName(cadence) || untilMs === undefined) return fail(`"${String(cadence)}" cannot be ignored`);
    await deps.ignoreMissed(cadence, Math.min(untilMs, clock.nowMs() + LONGEST_IGNORED_MS));
    return done(`missed slots of ${cadence} are ignored`);
  }

  function trip(fields: Fields): Outcome {
    const { key } = fields;
    if (typeof key !== 'string' || !KEY.test(key) || key === 'bus') return fail(`"${String(key)}" is no key of a breaker`);
    return changeHolds(holdsTrip(book.holds(), key, because(fields, 'held open by an operator'), clock.nowMs()), `${key} is held open`);
  }

  /** What the watchman, who is another process, has to say: the journal has one writer. */
  function heartbeat(fields: Fields): Outcome {
    const words = because(fields, 'nothing to say');
    deps.journal.emit({ level: fields.level === 'warn' ? 'warn' : 'info', stage: 'heartbeat', because: words });
    return done(words);
  }

  return {
    async carryOut(payload) {
      const fields = typeof payload === 'object' && payload !== null ? (payload as Fields) : {};
      switch (fields.order) {
        case 'pause':
          return pause(fields);
        case 'resume':
          return resume(fields);
        case 'trip':
          return trip(fields);
        case 'reset':
          return reset(fields);
        case 'cancel':
          return cancel(fields);
        case 'abort':
          return abort(fields);
        case 'purge':
          return purge(fields);
        case 'ignore':
          return ignore(fields);
        case 'heartbeat':
          return heartbeat(fields);
        case 'incident':
          return deps.incident(fields);
        case 'respond':
          return deps.respond(fields);
        case 'kill':
          return done(stoppedInWords(deps.stopAll()));
      }
      return fail(`"${String(fields.order)}" is no order`);
    },
  };
}

function stoppedInWords(count: number): string {
  return count === 1 ? '1 run is being stopped' : `${count} runs are being stopped`;
}
