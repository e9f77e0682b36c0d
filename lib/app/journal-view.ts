import type { BusEvent } from '../core/event.ts';
import type { Ms } from '../core/instant.ts';
import { isFinal, type RunRecord } from '../core/run.ts';
import { isTickId } from '../core/tick.ts';
import { readEvents } from '../history/events.ts';
import { askOwner } from '../platform/control.ts';
import { createReading } from './reading.ts';

export interface EventsQuery {
  readonly id: string | undefined;
  readonly sinceMs: Ms | undefined;
  readonly limit: number | undefined;
}

/** Events of the journal, oldest first. */
export function listEvents(root: string, { id, sinceMs, limit }: EventsQuery): Iterable<BusEvent> {
  const { files, paths } = createReading(root);
  return readEvents(
    { files, paths },
    { ...(id === undefined ? {} : { runId: id }), ...(sinceMs === undefined ? {} : { sinceMs }), ...(limit === undefined ? {} : { limit }) },
  );
}

/** What happened, then what happens, until the run or tick has ended; without an id until the owner has. */
export async function followEvents(root: string, query: EventsQuery, onEvent: (event: BusEvent) => void): Promise<void> {
  const { id } = query;
  for (const event of listEvents(root, query)) onEvent(event);
  if (id !== undefined && isFinal(createReading(root).lookup(id).status)) return;
  const stop = new AbortController();
  await askOwner(
    root,
    { op: 'events' },
    (answer) => {
      const event = answer.event as BusEvent | undefined;
      if (event === undefined || !concerns(event, id)) return;
      onEvent(event);
      if (id !== undefined && isEnd(event)) stop.abort();
    },
    stop.signal,
  );
}

function concerns(event: BusEvent, id: string | undefined): boolean {
  return id === undefined || event.run_id === id || (isTickId(id) && event.tick === id);
}

function isEnd(event: BusEvent): boolean {
  return (
    event.stage === 'dead_lettered' ||
    (event.stage === 'run_finished' && isFinal(event.status as RunRecord['status'])) ||
    event.stage === 'coalesced' ||
    event.stage === 'skipped'
  );
}
