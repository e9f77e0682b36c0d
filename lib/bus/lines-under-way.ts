import { MAX_BATCH_BYTES, parseBatchName, progressFile, readProgress, splitLines } from '../core/batch.ts';
import type { Paths } from '../core/paths.ts';
import { isTickId, parseDeadName, parseTickName, type TickName } from '../core/tick.ts';
import { parseIso } from '../core/time/instant.ts';
import type { Files, Ids } from '../ports.ts';
import { isKeyed, keyedId, lineId } from './keyed-id.ts';
import { readSpokenTick } from './spoken-tick.ts';

/**
 * What the batches in `claimed/` say, for who only looks: lines that wait, and lines that run. What is settled, what has a
 * file of its own, and what is no tick is left out. Nothing here loads the schemas, which costs more than it does.
 */
export interface LinesUnderWay {
  readonly waiting: readonly TickName[];
  readonly running: readonly TickName[];
}

export function readLinesUnderWay(deps: { files: Pick<Files, 'list' | 'read'>; paths: Paths; ids: Pick<Ids, 'keyed'> }): LinesUnderWay {
  const { files, paths } = deps;
  const names = files.list(paths.claimed);
  const waiting: TickName[] = [];
  const running: TickName[] = [];
  const batches = names.filter((file) => parseBatchName(file) !== undefined);
  if (batches.length === 0) return { waiting, running };
  for (const file of batches) readBatch(deps, file, waiting, running);
  const placed = new Set([paths.inbox, paths.waiting, paths.claimed].flatMap((dir) => files.list(dir).flatMap((file) => parseTickName(file)?.id ?? [])));
  const dead = new Set(files.list(paths.dlq).flatMap((file) => parseDeadName(file)?.id ?? []));
  return {
    waiting: waiting.filter(({ id }) => !placed.has(id)),
    running: running.filter(({ id }) => !placed.has(id) && !dead.has(id)),
  };
}

function readBatch({ files, paths, ids }: Parameters<typeof readLinesUnderWay>[0], file: string, waiting: TickName[], running: TickName[]): void {
  const found = files.read(`${paths.claimed}/${file}`, MAX_BATCH_BYTES);
  const said = files.read(`${paths.claimed}/${progressFile(file)}`, MAX_BATCH_BYTES);
  if (found?.kind !== 'text') return;
  const { begun, moved, done } = readProgress(said?.kind === 'text' ? said.text : '');
  const batchId = parseBatchName(file)?.id ?? '';
  const seen = new Map<string, string>();
  for (const [number, text] of splitLines(found.text).entries()) {
    const tick = readSpokenTick(text);
    if (tick === undefined) continue;
    const own = (): string => lineId(batchId, number);
    const named = keyedId(ids, tick) ?? (typeof tick.id === 'string' && isTickId(tick.id) ? tick.id : undefined);
    const wanted = named ?? own();
    const twin = seen.get(wanted);
    if (twin === undefined) seen.set(wanted, text);
    if (done.has(number)) continue;
    const dueMs = Math.max(0, parseIso(tick.due_at) ?? Math.floor(found.info.mtimeMs));
    const name = { dueMs, cadence: tick.cadence, id: wanted, attempts: 0 };
    const [to, runs] = [moved.get(number), begun.get(number)];
    if (to !== undefined) waiting.push(to);
    else if (runs !== undefined) running.push({ ...name, id: runs, attempts: 1 });
    else if (twin === undefined) waiting.push(name);
    else if (!isKeyed(tick) && twin.trimEnd() !== text.trimEnd()) waiting.push({ ...name, id: own() });
  }
}
