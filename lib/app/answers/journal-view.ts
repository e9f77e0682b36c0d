import { CadenceError } from '../../core/error.ts';
import type { BusEvent } from '../../core/event.ts';
import { shellWord } from '../../core/text/shell-word.ts';
import { isTickId } from '../../core/tick.ts';
import { type Ms, parseIso } from '../../core/time/instant.ts';
import { readEvents } from '../../history/events.ts';
import { askOwner, probeOwner } from '../../platform/control.ts';
import { createReading } from '../reading.ts';
import { waitForRun } from '../waiting.ts';

export interface EventsQuery {
  readonly id: string | undefined;
  readonly sinceMs: Ms | undefined;
  readonly limit: number | undefined;
}

type See = (event: BusEvent) => void;

/** Hands over events of the journal, oldest first. Throws `not_found` for an id that nobody knows. */
export function listEvents(root: string, query: EventsQuery, onEvent: See): void {
  let isKnown = query.id === undefined;
  for (const event of eventsOf(root, query)) {
    isKnown = true;
    onEvent(event);
  }
  if (!isKnown && query.id !== undefined) createReading(root).lookup(query.id);
}

/** What happened, then what happens, until the run or tick has ended; without an id until the owner has. */
export async function followEvents(root: string, query: EventsQuery, onEvent: See): Promise<void> {
  const { id } = query;
  const seam = createSeam(onEvent);
  listEvents(root, query, seam.see);
  // What came between a look into the journal and the owner's first word stands in the journal.
  const lookAgain = (): void => {
    for (const event of eventsOf(root, { ...query, sinceMs: seam.lastMs() ?? query.sinceMs, limit: undefined })) seam.see(event);
  };
  const stop = new AbortController();
  const hearing = hear(root, id, stop.signal, seam.see, lookAgain);
  if (id === undefined) return hearing.then(() => refuseCut(root, seam.last()));
  const [over, heard] = await Promise.allSettled([waitForRun(root, id, undefined).finally(() => stop.abort()), hearing]);
  // Whoever has answered this has written down what it said before.
  await probeOwner(root);
  lookAgain();
  if (over.status === 'rejected') throw over.reason;
  if (heard.status === 'rejected' && !isNoOwner(heard.reason)) throw heard.reason;
}

/** An owner that ends as it should says so last. Whoever follows it to hear of trouble must not take anything else for an end. */
async function refuseCut(root: string, last: BusEvent | undefined): Promise<void> {
  if (last?.stage === 'owner_stopped') return;
  if ((await probeOwner(root)).kind === 'none') throw new CadenceError('no_owner', 'the owner has died', 'Start it anew: cadence-bus start');
  throw new CadenceError(
    'no_owner',
    'the owner is heard no more, though it goes on: it said more than was read',
    `What came since: cadence-bus events --since 1h --root ${shellWord(root)}`,
  );
}

/** Where it is over already, there need be nobody to hear it from. */
function isNoOwner(error: unknown): boolean {
  return error instanceof CadenceError && error.code === 'no_owner';
}

function eventsOf(root: string, { id, sinceMs, limit }: EventsQuery): Iterable<BusEvent> {
  const { files, paths } = createReading(root);
  return readEvents(
    { files, paths },
    { ...(id === undefined ? {} : { runId: id }), ...(sinceMs === undefined ? {} : { sinceMs }), ...(limit === undefined ? {} : { limit }) },
  );
}

async function hear(root: string, id: string | undefined, signal: AbortSignal, see: See, onFirst: () => void): Promise<void> {
  let isFirst = true;
  await askOwner(
    root,
    { op: 'events' },
    ({ event }) => {
      if (isFirst) onFirst();
      isFirst = false;
      if (event !== undefined && concerns(event as BusEvent, id)) see(event as BusEvent);
    },
    signal,
  );
}

function concerns(event: BusEvent, id: string | undefined): boolean {
  return id === undefined || event.run_id === id || (isTickId(id) && event.tick === id);
}

/** Joins what is read to what is heard: every event once. */
export function createSeam(onEvent: See): { see: See; lastMs(): Ms | undefined; last(): BusEvent | undefined } {
  const seen = new Set<string>();
  let last: BusEvent | undefined;
  let lastMs: Ms | undefined;
  return {
    see(event) {
      const text = JSON.stringify(event);
      if (seen.has(text)) return;
      seen.add(text);
      if (seen.size > REMEMBERED) for (const oldest of [...seen].slice(0, REMEMBERED / 2)) seen.delete(oldest);
      lastMs = parseIso(event.ts) ?? lastMs;
      last = event;
      onEvent(event);
    },
    lastMs: () => lastMs,
    last: () => last,
  };
}

/** More than one look can hand over twice: it goes back to the last event only. */
const REMEMBERED = 10_000;
