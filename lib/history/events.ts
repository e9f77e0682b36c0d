import type { BusEvent, Stage } from '../core/event.ts';
import type { Paths } from '../core/paths.ts';
import { parseJson } from '../core/text/json-text.ts';
import { isTickId } from '../core/tick.ts';
import { dayOf, type Ms, parseIso } from '../core/time/instant.ts';
import { type Chunk, chunksBackward, chunksForward, NEWLINE } from './chunks.ts';
import { type LogFiles, listDays, segmentBytes, segmentPath } from './segments.ts';

export interface EventsDeps {
  readonly files: LogFiles;
  readonly paths: Pick<Paths, 'journal'>;
}

export interface EventsQuery {
  /** A run id, or a tick id, which means every run of the tick and what befell the tick besides. */
  readonly runId?: string;
  readonly sinceMs?: Ms;
  readonly stage?: Stage;
  /** Only the newest so many; they come oldest first all the same. */
  readonly limit?: number;
}

/** Events of the journal in the order in which they were emitted, whatever the clock did. Lines that are no events are left out. */
export function* readEvents({ files, paths }: EventsDeps, query: EventsQuery = {}): Generator<BusEvent> {
  const needle = query.runId ?? (query.stage === undefined ? undefined : `"stage":"${query.stage}"`);
  const firstDay = query.sinceMs === undefined ? '' : dayOf(query.sinceMs);
  const days = listDays(files, paths.journal).filter((day) => day >= firstDay);
  if (query.limit !== undefined) return yield* newest(files, paths.journal, days, needle, query, query.limit);
  for (const day of days) {
    if (segmentBytes(files, paths.journal, day) === undefined) continue;
    for (const chunk of chunksForward(files, segmentPath(paths.journal, day), 0)) yield* eventsIn(chunk, needle, query);
  }
}

function newest(files: LogFiles, dir: string, days: readonly string[], needle: string | undefined, query: EventsQuery, limit: number): readonly BusEvent[] {
  let found: BusEvent[] = [];
  for (const day of days.toReversed()) {
    const bytes = segmentBytes(files, dir, day);
    if (bytes === undefined) continue;
    for (const chunk of chunksBackward(files, segmentPath(dir, day), bytes)) {
      if (found.length >= limit) return found.slice(found.length - limit);
      found = [...eventsIn(chunk, needle, query), ...found];
    }
  }
  return found.slice(Math.max(0, found.length - limit));
}

function* eventsIn({ bytes }: Chunk, needle: string | undefined, query: EventsQuery): Generator<BusEvent> {
  const sieve = needle === undefined ? undefined : Buffer.from(needle);
  for (let line = 0; line < bytes.length; ) {
    const hit = sieve === undefined ? line : bytes.indexOf(sieve, line);
    if (hit < 0) return;
    const end = bytes.indexOf(NEWLINE, hit);
    const start = sieve === undefined ? line : bytes.lastIndexOf(NEWLINE, hit) + 1;
    const event = parseEvent(bytes.toString('utf8', start, end));
    if (event !== undefined && isWanted(event, query)) yield event;
    line = end + 1;
  }
}

function parseEvent(text: string): BusEvent | undefined {
  const value = parseJson(text);
  if (typeof value !== 'object' || value === null) return undefined;
  const { ts, level, stage } = value as Record<string, unknown>;
  return typeof ts === 'string' && typeof level === 'string' && typeof stage === 'string' ? (value as BusEvent) : undefined;
}

function isWanted(event: BusEvent, { runId, sinceMs, stage }: EventsQuery): boolean {
  if (stage !== undefined && event.stage !== stage) return false;
  if (sinceMs !== undefined && (parseIso(event.ts) ?? 0) < sinceMs) return false;
  if (runId === undefined || event.run_id === runId) return true;
  return isTickId(runId) && (event.tick === runId || event.run_id?.startsWith(`${runId}-`) === true);
}
