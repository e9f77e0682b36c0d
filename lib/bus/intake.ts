import { type Ms, toIso } from '../core/instant.ts';
import type { Paths } from '../core/paths.ts';
import { formatTickName, MAX_TICK_BYTES, parseDeadName, parseTickName, type Tick, type TickName } from '../core/tick.ts';
import type { Clock, FileInfo, Files, FileText, Ids, QueueNews } from '../ports.ts';
import { readTick, type TickReading } from '../wire/tick.ts';
import { type DeadLetters, nameOfStray } from './dead-letters.ts';
import type { Entry } from './pending.ts';

/**
 * What people and programs put into the drop zone becomes an entry of the queue, or is moved out of it.
 *
 * - A canonical name is believed without opening the file; it is opened when it is claimed.
 * - `X.reason.json` from the dlq is a revival: it keeps its id, and what it had spent is not counted again.
 * - Any other `*.json` is foreign: it is parsed once. It keeps its file name until it is claimed, so adoption costs no
 *   rename of its own. Its due time is the file's own, its id is its key's, its slot's or a fresh one.
 * - `*.ndjson` is many ticks: each gets a file of its own in `waiting/`, on disk, before the batch is removed. Their ids
 *   are derived from the batch where it does not name them, so that a crash in between doubles nothing.
 * - A file that is not whole is left until it has not changed for five seconds. What is no regular file is moved aside.
 */
export interface Intake {
  /** Takes in one file of the inbox. Answers when to look again at it, if it is still being written. */
  take(file: string): Ms | undefined;
  /** A canonical file was claimed and found unfinished, it lies in the inbox again: leave it alone for a while. */
  isYoung(file: string): boolean;
  noteYoung(file: string): void;
}

const STILL_MS: Ms = 5_000;
const MAX_BATCH_BYTES = 64 * 1024 * 1024;

export interface IntakeDeps {
  readonly files: Files;
  readonly clock: Clock;
  readonly ids: Ids;
  readonly paths: Paths;
  readonly deadLetters: DeadLetters;
  readonly news: QueueNews;
  /** Puts an entry into the queue; false: its id is pending or running already. */
  admit(entry: Entry): boolean;
}

interface Seen {
  readonly sizeBytes: number;
  readonly mtimeMs: Ms;
  readonly sinceMs: Ms;
}

export function createIntake(deps: IntakeDeps): Intake {
  const { files, clock, ids, paths, deadLetters, news } = deps;
  const young = new Map<string, Seen>();
  const left = new Set<string>();

  function leave(file: string, because: string): void {
    if (left.size > 100_000) left.clear();
    if (left.has(file)) return;
    left.add(file);
    news.left(`${paths.inbox}/${file}`, because);
  }

  /** undefined: it has been still for long enough to be judged. */
  function stillWriting(file: string, info: FileInfo): Ms | undefined {
    const nowMs = clock.nowMs();
    const seen = young.get(file);
    if (seen === undefined || seen.sizeBytes !== info.sizeBytes || seen.mtimeMs !== info.mtimeMs || nowMs < seen.sinceMs) {
      young.set(file, { sizeBytes: info.sizeBytes, mtimeMs: info.mtimeMs, sinceMs: nowMs });
      return nowMs + STILL_MS;
    }
    return nowMs - seen.sinceMs < STILL_MS ? seen.sinceMs + STILL_MS : undefined;
  }

  function bury(file: string, reason: 'malformed' | 'rejected', because: string): void {
    const name = { dueMs: clock.nowMs(), cadence: nameOfStray(file), id: ids.fresh(), attempts: 0, reason };
    const gone =
      reason === 'rejected'
        ? files.rename(`${paths.inbox}/${file}`, `${paths.dlq}/${formatTickName(name).replace(/json$/, `${reason}.json`)}`)
        : deadLetters.bury(`${paths.inbox}/${file}`, name, undefined, because, []);
    young.delete(file);
    if (gone) news.dead(name, because);
  }

  function identify(tick: Tick, given: string | undefined): string {
    if (tick.key !== undefined) return ids.keyed('key', tick.cadence, tick.key);
    if (tick.slot !== undefined) return ids.keyed('slot', tick.cadence, tick.slot);
    return given ?? ids.fresh();
  }

  function adopt(file: string, reading: Extract<TickReading, { kind: 'tick' }>, info: FileInfo): void {
    const { tick } = reading;
    young.delete(file);
    const isKeyed = tick.key !== undefined || tick.slot !== undefined;
    const name: TickName = {
      dueMs: reading.dueMs ?? Math.min(info.mtimeMs, clock.nowMs()),
      cadence: tick.cadence,
      id: identify(tick, reading.id),
      attempts: 0,
    };
    if (deps.admit({ name, folder: 'inbox', file, gone: false })) return;
    if (!isKeyed) {
      deps.admit({ name: { ...name, id: ids.fresh() }, folder: 'inbox', file, gone: false });
    } else if (files.remove(`${paths.inbox}/${file}`)) {
      news.coalesced(name.id, tick.cadence, `its ${tick.key === undefined ? 'slot' : 'key'} is pending already`);
    }
  }

  function takeForeign(file: string): Ms | undefined {
    const path = `${paths.inbox}/${file}`;
    const found = readOrMove(path, file);
    if (found === undefined) return undefined;
    if (found.kind === 'again') return found.atMs;
    const reading = readTick(found.text, toIso(found.info.mtimeMs));
    if (reading.kind === 'tick') {
      adopt(file, reading, found.info);
      return undefined;
    }
    // A prefix of an object is never an object, so what parses is whole; what does not may still be growing.
    const againMs = found.text.endsWith('\n') ? undefined : stillWriting(file, found.info);
    if (againMs === undefined) bury(file, 'malformed', reading.because);
    return againMs;
  }

  function readOrMove(path: string, file: string): { kind: 'text'; text: string; info: FileInfo } | { kind: 'again'; atMs: Ms } | undefined {
    const found: FileText | undefined = files.read(path, MAX_TICK_BYTES);
    switch (found?.kind) {
      case undefined:
        return undefined;
      case 'text':
        return found;
      case 'not_a_file':
        bury(file, 'rejected', 'it is not a regular file');
        return undefined;
      case 'unreadable':
        bury(file, 'rejected', 'it cannot be read');
        return undefined;
      case 'too_large':
      case 'not_utf8': {
        const atMs = found.info === undefined ? undefined : stillWriting(file, found.info);
        if (atMs !== undefined) return { kind: 'again', atMs };
        bury(file, 'malformed', found.kind === 'too_large' ? `it is larger than ${MAX_TICK_BYTES} bytes` : 'it is not UTF-8 text');
        return undefined;
      }
    }
  }

  /** A dead tick that was moved back by hand. A copy of one that is still dead is another tick, with an id of its own. */
  function revive(file: string, name: TickName): Ms | undefined {
    const path = `${paths.inbox}/${file}`;
    const found = files.read(path, 8 * MAX_TICK_BYTES);
    if (found?.kind !== 'text') return takeForeign(file);
    const reading = readTick(found.text.slice(0, MAX_TICK_BYTES * 4), toIso(found.info.mtimeMs));
    if (reading.kind !== 'tick' || reading.tick.cadence !== name.cadence) return takeForeign(file);
    const isCopy = files.info(`${paths.dlq}/${file}`) !== undefined;
    if (reading.tick.dead === undefined && name.attempts > 0) files.write(path, `${JSON.stringify({ ...reading.tick, dead: { attempts: name.attempts } })}\n`);
    const revived = { ...name, id: isCopy ? ids.fresh() : name.id, attempts: isCopy ? 0 : name.attempts };
    if (deps.admit({ name: revived, folder: 'inbox', file, gone: false })) news.adopted(revived, file);
    return undefined;
  }

  function takeBatch(file: string): Ms | undefined {
    const path = `${paths.inbox}/${file}`;
    const found = files.read(path, MAX_BATCH_BYTES);
    if (found === undefined) return undefined;
    if (found.kind !== 'text') {
      bury(file, 'rejected', found.kind === 'too_large' ? `a batch has at most ${MAX_BATCH_BYTES} bytes` : 'it is not a readable text file');
      return undefined;
    }
    if (!found.text.endsWith('\n')) {
      const againMs = stillWriting(file, found.info);
      if (againMs !== undefined) return againMs;
    }
    young.delete(file);
    const entries = found.text.split('\n').flatMap((line, index) => (line.trim() === '' ? [] : unpackLine(file, found.info, line, index)));
    files.flushDir(paths.waiting);
    files.remove(path);
    for (const entry of entries) deps.admit(entry);
    return undefined;
  }

  function unpackLine(file: string, info: FileInfo, line: string, index: number): readonly Entry[] {
    const reading = readTick(line, toIso(info.mtimeMs));
    if (reading.kind === 'malformed') {
      const name = {
        dueMs: clock.nowMs(),
        cadence: nameOfStray(file),
        id: ids.keyed('line', file, String(info.inode), String(index)),
        attempts: 0,
        reason: 'malformed' as const,
      };
      const stray = `${paths.tmp}/${name.id}.json`;
      files.write(stray, `${line}\n`);
      if (deadLetters.bury(stray, name, undefined, `line ${index + 1} of ${file}: ${reading.because}`, [])) news.dead(name, reading.because);
      return [];
    }
    const id = identify(reading.tick, reading.id ?? ids.keyed('line', file, String(info.inode), String(index)));
    const name: TickName = { dueMs: reading.dueMs ?? Math.min(info.mtimeMs, clock.nowMs()), cadence: reading.tick.cadence, id, attempts: 0 };
    const target = formatTickName(name);
    files.write(`${paths.waiting}/${target}`, `${line}\n`);
    return [{ name, folder: 'waiting', file: target, gone: false }];
  }

  /** The id is taken already: a second file for the same key, or a copy made by hand. */
  function takeTwin(file: string, name: TickName): Ms | undefined {
    const found = files.read(`${paths.inbox}/${file}`, MAX_TICK_BYTES);
    if (found?.kind !== 'text') return takeForeign(file);
    const reading = readTick(found.text, toIso(found.info.mtimeMs));
    if (reading.kind === 'tick' && reading.tick.cadence === name.cadence) adopt(file, { ...reading, id: undefined, dueMs: name.dueMs }, found.info);
    else return takeForeign(file);
    return undefined;
  }

  return {
    take(file) {
      if (file.startsWith('.')) return undefined;
      if (file.includes('\uFFFD')) {
        leave(file, 'its name is not UTF-8');
        return undefined;
      }
      const name = parseTickName(file);
      if (name !== undefined) return deps.admit({ name, folder: 'inbox', file, gone: false }) ? undefined : takeTwin(file, name);
      const dead = parseDeadName(file);
      if (dead !== undefined) return revive(file, { dueMs: dead.dueMs, cadence: dead.cadence, id: dead.id, attempts: dead.attempts });
      if (file.endsWith('.ndjson')) return takeBatch(file);
      if (file.endsWith('.json')) return takeForeign(file);
      leave(file, 'its name ends neither in .json nor in .ndjson');
      return undefined;
    },
    isYoung: (file) => {
      const info = young.has(file) ? files.info(`${paths.inbox}/${file}`) : undefined;
      return info !== undefined && stillWriting(file, info) !== undefined;
    },
    noteYoung(file) {
      const info = files.info(`${paths.inbox}/${file}`);
      if (info !== undefined) stillWriting(file, info);
    },
  };
}
