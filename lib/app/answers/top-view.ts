import type { BusEvent } from '../../core/event.ts';
import type { RunRecord } from '../../core/run.ts';
import { CONTROL_CADENCE } from '../../core/tick.ts';
import { lastLineOf } from '../following.ts';
import { createReading, underWay } from '../reading.ts';
import { listEvents } from './journal-view.ts';
import { readStatus, type StatusView } from './status.ts';

/** What `status` says, with the runs under way as `status --run` tells them, and the newest events of the journal. */
export interface TopView extends StatusView {
  readonly root: string;
  /** Begun first, first. */
  readonly running: readonly RunningView[];
  /** Oldest first. */
  readonly events: readonly BusEvent[];
}

export interface RunningView extends RunRecord {
  /** What it has said last; '': nothing yet. */
  readonly last_line: string;
}

const EVENTS = 200;

export async function readTop(root: string): Promise<TopView> {
  const status = await readStatus(root, undefined);
  const reading = createReading(root);
  const running = reading
    .names('claimed')
    .filter(({ cadence }) => cadence !== CONTROL_CADENCE)
    .map((name) => underWay(reading, name))
    .map((run) => ({ ...run, last_line: lastLineOf(reading, run) }));
  const events: BusEvent[] = [];
  listEvents(root, { id: undefined, sinceMs: undefined, limit: EVENTS }, (event) => void events.push(event));
  return { ...status, root, running: running.toSorted((a, b) => (a.started_at < b.started_at ? -1 : a.started_at > b.started_at ? 1 : 0)), events };
}
