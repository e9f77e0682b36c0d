import { MAX_BATCH_BYTES, splitLines } from '../core/batch.ts';
import type { Paths } from '../core/paths.ts';
import { MAX_FILE_BYTES } from '../core/tick.ts';
import { type Ms, parseIso } from '../core/time/instant.ts';
import type { Files } from '../ports.ts';
import { readSpokenTick } from './spoken-tick.ts';

/** A tick in the drop zone under a name of its maker's, which no owner has taken in yet. */
export interface Arrival {
  readonly cadence: string;
  readonly dueMs: Ms;
}

export interface Arrivals {
  readonly ticks: readonly Arrival[];
  /** Files that may hold ticks and were not looked at, for they are very many, or very long. */
  readonly unread: number;
}

const MOST_READ = 1000;

/** For who only looks: whose they are. `names`: all that lie there under such names and may become ticks. */
export function readArrivals({ files, paths }: { readonly files: Pick<Files, 'read'>; readonly paths: Paths }, names: readonly string[]): Arrivals {
  const ticks: Arrival[] = [];
  let [looked, bytesLeft] = [0, MAX_BATCH_BYTES];
  for (const name of names.slice(0, MOST_READ)) {
    if (bytesLeft <= 0) break;
    looked += 1;
    const isBatch = name.endsWith('.ndjson');
    const found = files.read(`${paths.inbox}/${name}`, isBatch ? MAX_BATCH_BYTES : MAX_FILE_BYTES);
    // What is no text, or too long for a tick or a batch, is none.
    if (found?.kind !== 'text') continue;
    bytesLeft -= found.info.sizeBytes;
    for (const text of isBatch ? splitLines(found.text) : [found.text]) {
      const tick = readSpokenTick(text);
      if (tick !== undefined) ticks.push({ cadence: tick.cadence, dueMs: parseIso(tick.due_at) ?? found.info.mtimeMs });
    }
  }
  return { ticks, unread: names.length - looked };
}
