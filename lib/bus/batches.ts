import { type Ms, toIso } from '../core/instant.ts';
import type { Paths } from '../core/paths.ts';
import { slotKey } from '../core/slot.ts';
import { type DeadName, formatDeadName, formatTickName, type TickName } from '../core/tick.ts';
import type { Clock, FileInfo, Files, Ids, QueueNews } from '../ports.ts';
import { readTick, type TickReading } from '../wire/tick.ts';
import { type DeadLetters, nameOfStray } from './dead-letters.ts';
import { arrivedMs } from './judgement.ts';
import type { LeftFiles } from './left-files.ts';
import type { Entry } from './pending.ts';
import type { Stillness } from './stillness.ts';

/**
 * `*.ndjson`: many ticks in one file, unpacked in three steps.
 *
 * 1. Each line gets a draft of its own in `tmp/`, on disk, some lines a round: a batch may be long, and the ticks beside
 *    it do not wait for it.
 * 2. At one go, if the batch is still the file that was read: the drafts become ticks in `waiting/`, bad lines go to the
 *    dlq, the batch is removed. Nothing of it can be claimed before.
 * 3. The ticks are pending.
 *
 * A crash leaves the batch. Ids are derived from it where it does not name them, so the next owner, who unpacks it before
 * anything is claimed, knows the lines that are ticks already.
 */
export interface Batches {
  /** Notes a batch of the inbox. */
  note(file: string): void;
  isNoted(file: string): boolean;
  /** Goes on with what was noted; true: there is more. */
  advance(isWhole: boolean): Promise<boolean>;
}

export interface BatchesDeps {
  readonly files: Files;
  readonly clock: Clock;
  readonly ids: Ids;
  readonly paths: Paths;
  readonly news: QueueNews;
  readonly deadLetters: DeadLetters;
  readonly stillness: Stillness;
  readonly left: LeftFiles;
  condemn(file: string, reason: 'malformed' | 'rejected', because: string): void;
  /** It is pending or running. */
  isTaken(id: string): boolean;
  /** The text of a pending tick. */
  textOf(id: string): string | undefined;
  admit(entry: Entry): boolean;
  /** It is still being written. */
  lookAgainAt(atMs: Ms): void;
  /** A fault came between: the inbox must be read anew. */
  relook(): void;
}

const MAX_BATCH_BYTES = 64 * 1024 * 1024;
/** Their drafts are flushed at the same time. */
const GROUP = 64;
const LINES_A_ROUND = 4 * GROUP;

interface Unpacking {
  readonly file: string;
  readonly info: FileInfo;
  readonly lines: readonly string[];
  next: number;
  readonly planned: Planned[];
  /** Which line has an id. */
  readonly ids: Map<string, number>;
}

type Planned = { readonly draft: string; readonly line: number; readonly isKeyed: boolean } & (
  | { readonly kind: 'tick'; readonly name: TickName }
  | { readonly kind: 'stray'; readonly name: DeadName; readonly because: string }
);

export function createBatches(deps: BatchesDeps): Batches {
  const { files, clock, ids, paths, news, deadLetters, stillness } = deps;
  const noted = new Set<string>();
  /** They changed while they were unpacked: a newline at their end says nothing. */
  const restless = new Set<string>();
  /** They cannot be removed, so what is in them would run for ever. */
  const stuck = new Set<string>();
  let open: Unpacking | undefined;
  const pathOf = (file: string): string => `${paths.inbox}/${file}`;
  const ownId = (batch: Unpacking, line: number): string => ids.keyed('line', batch.file, String(batch.info.inode), String(line));

  /** true: it may still be growing. */
  function isGrowing(file: string, info: FileInfo): boolean {
    const againMs = stillness.untilMs(file, info);
    if (againMs !== undefined) deps.lookAgainAt(againMs);
    return againMs !== undefined;
  }

  function read(file: string): Unpacking | undefined {
    const found = files.read(pathOf(file), MAX_BATCH_BYTES);
    switch (found?.kind) {
      case undefined:
        return undefined;
      case 'text': {
        const isClosed = found.text.endsWith('\n') && !restless.has(file);
        if (!isClosed && isGrowing(file, found.info)) return undefined;
        return { file, info: found.info, lines: found.text.split('\n'), next: 0, planned: [], ids: new Map() };
      }
      case 'not_a_file':
      case 'unreadable':
        deps.condemn(file, 'rejected', found.kind === 'unreadable' ? 'it cannot be read' : 'it is not a regular file');
        return undefined;
      case 'too_large':
      case 'not_utf8':
        if (found.info !== undefined && isGrowing(file, found.info)) return undefined;
        deps.condemn(file, 'malformed', found.kind === 'not_utf8' ? 'it is not UTF-8 text' : `a batch has at most ${MAX_BATCH_BYTES} bytes`);
        return undefined;
    }
  }

  /** undefined: this line needs no tick of its own. */
  function plan(batch: Unpacking, text: string, line: number): Planned | undefined {
    const reading = readTick(text, toIso(batch.info.mtimeMs));
    const fallbackMs = arrivedMs(batch.info, clock.nowMs());
    if (reading.kind === 'malformed') {
      const id = ownId(batch, line);
      const name = { dueMs: fallbackMs, cadence: nameOfStray(batch.file), id, attempts: 0, reason: 'malformed' as const };
      const because = `line ${line + 1} of ${batch.file}: ${reading.because}`;
      return { kind: 'stray', draft: `${paths.tmp}/${id}.json`, line, isKeyed: false, name, because };
    }
    const id = choose(batch, reading, text, line);
    if (id === undefined) return undefined;
    batch.ids.set(id, line);
    const name = { dueMs: Math.max(0, reading.dueMs ?? fallbackMs), cadence: reading.tick.cadence, id, attempts: 0 };
    return { kind: 'tick', draft: `${paths.tmp}/${id}.json`, line, isKeyed: isKeyed(reading), name };
  }

  /** The same id once more is the same tick if it says the same, and one that was copied with its id if not. */
  function choose(batch: Unpacking, reading: Extract<TickReading, { kind: 'tick' }>, text: string, line: number): string | undefined {
    const { tick } = reading;
    const own = ownId(batch, line);
    const wanted = keyedId(ids, tick) ?? reading.id ?? own;
    const twin = batch.ids.get(wanted);
    if (twin === undefined && !deps.isTaken(wanted)) return wanted;
    const twinText = twin === undefined ? deps.textOf(wanted) : batch.lines[twin];
    if (isKeyed(reading) || twinText?.trimEnd() === text.trimEnd()) {
      news.coalesced(wanted, tick.cadence, `line ${line + 1} of ${batch.file} is pending already`);
      return undefined;
    }
    return deps.isTaken(own) ? undefined : own;
  }

  async function unpackGroup(batch: Unpacking): Promise<void> {
    const logs = [];
    try {
      for (const end = batch.next + GROUP; batch.next < Math.min(end, batch.lines.length); batch.next += 1) {
        const text = batch.lines[batch.next] as string;
        const planned = text.trim() === '' ? undefined : plan(batch, text, batch.next);
        if (planned === undefined) continue;
        files.remove(planned.draft);
        const log = files.append(planned.draft);
        logs.push(log);
        log.write(`${text}\n`);
        batch.planned.push(planned);
      }
      await Promise.all(logs.map((log) => log.flush()));
    } finally {
      for (const log of logs) log.close();
    }
  }

  function finish(batch: Unpacking): void {
    const { file } = batch;
    const info = files.info(pathOf(file));
    if (info?.inode !== batch.info.inode || info.sizeBytes !== batch.info.sizeBytes || info.mtimeMs !== batch.info.mtimeMs) {
      abandon(batch);
      if (info !== undefined && isGrowing(file, info)) restless.add(file);
      return;
    }
    const entries = batch.planned.flatMap((planned) => settle(batch, planned));
    files.flushDir(paths.waiting);
    if (batch.planned.some(({ kind }) => kind === 'stray')) files.flushDir(paths.dlq);
    if (deps.left.spare(pathOf(file), () => files.remove(pathOf(file))) === undefined) {
      stuck.add(file);
      for (const entry of entries) files.remove(`${paths.waiting}/${entry.file}`);
      return;
    }
    files.flushDir(paths.inbox);
    stillness.forget(file);
    restless.delete(file);
    for (const entry of entries) deps.admit(entry);
  }

  function abandon(batch: Unpacking): void {
    for (const { draft } of batch.planned) files.remove(draft);
  }

  function settle(batch: Unpacking, planned: Planned): readonly Entry[] {
    const { draft } = planned;
    if (planned.kind === 'stray') {
      const isDeadAlready = files.info(`${paths.dlq}/${formatDeadName(planned.name)}`) !== undefined;
      const name = isDeadAlready ? undefined : deadLetters.buryStray(draft, planned.name, planned.because);
      if (name === undefined) files.remove(draft);
      else news.dead(name, planned.because);
      return [];
    }
    // Another file may have taken the id while this batch was being unpacked.
    const isTaken = deps.isTaken(planned.name.id);
    if (isTaken && planned.isKeyed) {
      files.remove(draft);
      news.coalesced(planned.name.id, planned.name.cadence, `line ${planned.line + 1} of ${batch.file} is pending already`);
      return [];
    }
    const name = isTaken ? { ...planned.name, id: ownId(batch, planned.line) } : planned.name;
    const file = formatTickName(name);
    return files.rename(draft, `${paths.waiting}/${file}`) ? [{ name, folder: 'waiting', file, gone: false }] : [];
  }

  /** A group of lines, and the end of a batch with its last one. */
  async function step(file: string): Promise<void> {
    open ??= deps.left.spare(pathOf(file), () => read(file));
    if (open !== undefined) await unpackGroup(open);
    if (open !== undefined && open.next < open.lines.length) return;
    if (open !== undefined) finish(open);
    open = undefined;
    noted.delete(file);
  }

  return {
    note(file) {
      if (!stuck.has(file)) noted.add(file);
    },
    isNoted: (file) => noted.has(file),
    async advance(isWhole) {
      for (let lines = 0; isWhole || lines < LINES_A_ROUND; lines += GROUP) {
        const [file] = noted;
        if (file === undefined) return false;
        try {
          await step(file);
        } catch (error) {
          // Nothing of the batch is pending, and it is still there: it is begun anew.
          open = undefined;
          noted.delete(file);
          deps.relook();
          throw error;
        }
      }
      return noted.size > 0;
    },
  };
}

function isKeyed({ tick }: Extract<TickReading, { kind: 'tick' }>): boolean {
  return tick.key !== undefined || tick.slot !== undefined;
}

/** The id that a key or a slot gives, which is the same for everybody who asks for it. */
export function keyedId(ids: Ids, tick: { readonly cadence: string; readonly key?: string; readonly slot?: string }): string | undefined {
  if (tick.key !== undefined) return ids.keyed('key', tick.cadence, tick.key);
  return tick.slot === undefined ? undefined : ids.keyed('slot', tick.cadence, slotKey(tick.slot));
}
