import { dirname } from 'node:path';
import { type Arrivals, readArrivals } from '../bus/arrivals.ts';
import { readLinesUnderWay } from '../bus/lines-under-way.ts';
import { cadenceOf } from '../config/cadence-folder.ts';
import type { Breaker } from '../core/breaker.ts';
import { isUnasked } from '../core/builtin.ts';
import { CadenceError } from '../core/error.ts';
import { type Holds, NO_HOLDS } from '../core/holds.ts';
import { isLeftover } from '../core/leftover.ts';
import type { PurseView } from '../core/money/purse-view.ts';
import { type Paths, pathsOf } from '../core/paths.ts';
import { blankRecord } from '../core/record.ts';
import { isFinal, type RunRecord } from '../core/run.ts';
import { parseJson } from '../core/text/json-text.ts';
import {
  type DeadName,
  formatRunId,
  formatTickName,
  isForcedName,
  isTickId,
  MAX_FILE_BYTES,
  mayBecomeTick,
  parseBuriedName,
  parseRunId,
  parseTickName,
  spokenEndMs,
  type Tick,
  type TickName,
} from '../core/tick.ts';
import { type Ms, parseIso, toIso } from '../core/time/instant.ts';
import { createHistory } from '../history/history.ts';
import { createFiles } from '../platform/files.ts';
import { createIds } from '../platform/ids.ts';
import type { Files, History } from '../ports.ts';

/** What every reading verb starts from: the files. No owner is needed, and nothing is changed. */
export interface Reading {
  readonly paths: Paths;
  readonly files: Files;
  readonly history: History;
  /** With the lines of batches under way: those that have not begun wait. */
  names(folder: 'inbox' | 'waiting' | 'claimed'): readonly TickName[];
  /** Names of cadences that there is a file for, and of commands of `exec`; nothing is parsed. */
  defined(): readonly string[];
  /** Files of the drop zone that bear no canonical name, and may become ticks. */
  foreign(): readonly string[];
  /** What lies there and never will; hidden files are nobody's business. */
  leftAlone(): readonly string[];
  /** The ticks in them, as far as they can be read. */
  arrivals(): Arrivals;
  dead(): readonly DeadEntry[];
  holds(): Holds;
  /** What the owner says of the budgets. */
  purse(): Pick<PurseView, 'reserved' | 'holds'>;
  /** A run or a tick by its id, as it stands now. Throws `not_found`. */
  lookup(id: string): RunRecord;
  /** Until when a tick that waits may be run, by its own text. */
  endMs(name: TickName): Ms | undefined;
  /** As `history.runs`, without the care for failures and what is made of it, which nobody asked for by name. */
  runs(query: Parameters<History['runs']>[0]): readonly RunRecord[];
  /** Where the words of a run under way go; both null before it has begun, and after its end. */
  outputs(runId: string): Pick<RunRecord, 'started_at' | 'stdout_path' | 'stderr_path'>;
  /** Of a run under way; undefined before it has begun, and after its end. */
  kindUnderWay(runId: string): string | undefined;
}

/** It has a file, or a tick of it waits or is under way: its file may have been removed meanwhile, and nothing of it recorded yet. */
export function isKnownHere(reading: Pick<Reading, 'defined' | 'names' | 'arrivals'>, cadence: string): boolean {
  if (reading.defined().includes(cadence)) return true;
  const ofFolder = (folder: TickFolder): boolean => reading.names(folder).some((tick) => tick.cadence === cadence);
  return ofFolder('claimed') || ofFolder('waiting') || ofFolder('inbox') || reading.arrivals().ticks.some((tick) => tick.cadence === cadence);
}

export interface DeadEntry {
  readonly file: string;
  readonly name: DeadName;
}

const MAX_STATE_BYTES = 16 * 1024 * 1024;

/** What a folder of ticks holds: those with a canonical name, and all others. */
interface Listing {
  readonly ticks: readonly TickName[];
  readonly others: readonly string[];
}

type TickFolder = 'inbox' | 'waiting' | 'claimed';

/** `isOfOneMoment`: each folder of ticks is looked at once, so that an answer of many parts agrees with itself, and one of many cadences comes in time. */
export function createReading(root: string, files: Files = createFiles(), { isOfOneMoment = false } = {}): Reading {
  const paths = pathsOf(root);
  const once = isOfOneMoment ? createKeeper() : always;
  const past = createHistory({ files, paths });
  const history: History = { ...past, digest: () => once('digest', past.digest) };
  const listing = (folder: TickFolder): Listing => once(`listing of ${folder}`, () => listingOf(files.list(paths[folder])));

  function namesIn(folder: TickFolder): readonly TickName[] {
    const own = listing(folder).ticks;
    if (folder === 'inbox') return own;
    const lines = readLinesUnderWay({ files, paths, ids: createIds() });
    return [...own, ...(folder === 'waiting' ? lines.waiting : lines.running)];
  }

  function readJson(path: string): unknown {
    const found = files.read(path, MAX_STATE_BYTES);
    // The owner sets a broken file aside; until then it says nothing.
    return found?.kind === 'text' ? parseJson(found.text) : undefined;
  }

  const noteOf = (runId: string): Fields => asRecord(readJson(`${paths.running}/${runId}/run.json`));

  const reading: Reading = {
    paths,
    files,
    history,
    names: (folder) => once(folder, () => namesIn(folder)),
    defined: () => once('defined', () => [...files.list(paths.cadences), ...files.list(paths.commands)].flatMap((file) => cadenceOf(file) ?? [])),
    foreign: () => listing('inbox').others.filter(mayBecomeTick),
    leftAlone: () => listing('inbox').others.filter((file) => !mayBecomeTick(file) && !file.startsWith('.') && !isLeftover('ticks', file)),
    arrivals: () => once('arrivals', () => readArrivals({ files, paths }, reading.foreign())),
    dead: () => once('dead', () => deadIn(files.list(paths.dlq))),
    holds: () => once('holds', () => readableHolds(readJson(paths.holds))),
    purse: () => once('purse', () => readablePurse(readJson(paths.purse))),
    lookup: (id) => lookup(reading, id),
    endMs: (name) => spokenEnd(reading, name),
    runs: (query) => runsAskedFor(history, query),
    kindUnderWay(runId) {
      const { kind } = noteOf(runId);
      return typeof kind === 'string' ? kind : undefined;
    },
    outputs(runId) {
      const note = noteOf(runId);
      const path = (value: unknown): string | null => (typeof value === 'string' && dirname(value) === paths.subsessions ? value : null);
      return {
        started_at: typeof note.started_at === 'string' ? note.started_at : '',
        stdout_path: path(note.stdout_path),
        stderr_path: path(note.stderr_path),
      };
    },
  };
  return reading;
}

/** What was read once is not read again. */
function createKeeper(): typeof always {
  const kept = new Map<string, unknown>();
  return <T>(what: string, read: () => T): T => {
    if (!kept.has(what)) kept.set(what, read());
    return kept.get(what) as T;
  };
}

function always<T>(_what: string, read: () => T): T {
  return read();
}

function deadIn(files: readonly string[]): readonly DeadEntry[] {
  return files.toSorted().flatMap((file) => {
    const name = parseBuriedName(file);
    return name === undefined ? [] : [{ file, name }];
  });
}

function listingOf(files: readonly string[]): Listing {
  const ticks: TickName[] = [];
  const others: string[] = [];
  for (const file of files) {
    const name = parseTickName(file);
    if (name === undefined) others.push(file);
    else ticks.push(name);
  }
  return { ticks, others };
}

function runsAskedFor(history: History, query: Parameters<History['runs']>[0]): readonly RunRecord[] {
  if (query.cadence !== undefined) return history.runs(query);
  for (let limit = query.limit * 2; ; limit *= 4) {
    const found = history.runs({ ...query, limit });
    const asked = found.filter(({ cadence }) => !isUnasked(cadence));
    if (asked.length >= query.limit || found.length < limit) return asked.slice(0, query.limit);
  }
}

type Fields = Readonly<Record<string, unknown>>;

function asRecord(value: unknown): Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Fields) : {};
}

/** As far as it can be understood. The owner checks it whole; a reader is spared the 60 ms that loading the schemas costs. */
function readableHolds(value: unknown): Holds {
  const { format, breakers, paused } = asRecord(value);
  if (format !== 1) return NO_HOLDS;
  const entries = (book: unknown, isWhole: (entry: Fields) => boolean): (readonly [string, Fields])[] =>
    Object.entries(asRecord(book)).flatMap(([key, entry]) => (isWhole(asRecord(entry)) ? [[key, asRecord(entry)] as const] : []));
  const isTextOrAbsent = (field: unknown): boolean => field === undefined || typeof field === 'string';
  const isBreaker = ({ state, failures, because, until }: Fields): boolean =>
    typeof state === 'string' && typeof failures === 'number' && isTextOrAbsent(because) && isTextOrAbsent(until);
  return {
    ...NO_HOLDS,
    breakers: Object.fromEntries(entries(breakers, isBreaker)) as Readonly<Record<string, Breaker>>,
    paused: Object.fromEntries(entries(paused, ({ because }) => typeof because === 'string')) as Holds['paused'],
  };
}

function readablePurse(value: unknown): ReturnType<Reading['purse']> {
  const { format, reserved, holds } = asRecord(value);
  if (format !== 1) return { reserved: {}, holds: {} };
  const entries = Object.entries(asRecord(holds)).filter(
    ([, hold]) => parseIso(asRecord(hold).until) !== undefined && typeof asRecord(hold).because === 'string',
  );
  const amounts = Object.entries(asRecord(reserved)).filter(([, one]) => typeof asRecord(one).cadence === 'string' && typeof asRecord(one).usd === 'number');
  return { reserved: Object.fromEntries(amounts) as PurseView['reserved'], holds: Object.fromEntries(entries) as PurseView['holds'] };
}

function lookup(reading: Reading, id: string): RunRecord {
  const tickId = parseRunId(id)?.id ?? id;
  if (!isTickId(tickId))
    throw new CadenceError(
      'usage',
      `"${id.slice(0, 80)}" is no id of a run or a tick`,
      'A run id looks like x7k2p9qd4mzt-1, a tick id like x7k2p9qd4mzt; see cadence-bus runs.',
    );
  // In the order of a tick's way, and twice: one that moves on while we look from place to place is met at the second look.
  const found = look(reading, id, tickId) ?? look(reading, id, tickId);
  if (found !== undefined) return found;
  throw new CadenceError('not_found', `there is no run or tick ${id}`, 'See cadence-bus runs for what ran, cadence-bus status for what waits.');
}

function look(reading: Reading, id: string, tickId: string): RunRecord | undefined {
  const isHere = (name: TickName): boolean => name.id === tickId;
  const waiting = [...reading.names('inbox'), ...reading.names('waiting')].find(isHere);
  const running = reading.names('claimed').find(isHere);
  const record = reading.history.find(id);
  const isAttempt = id !== tickId;
  // The end of a run is recorded before it is settled: until then its breaker has not moved, and its file lies where it lay.
  if (running !== undefined && (!isAttempt || id === formatRunId(running.id, running.attempts))) return underWay(reading, running);
  if (record !== undefined && (isAttempt ? record.status !== 'waiting' : isFinal(record.status) && record.status !== 'dead')) return record;
  if (running !== undefined) return underWay(reading, running);
  if (waiting !== undefined) return pendingRecord(reading, waiting, record);
  if (record !== undefined && isFinal(record.status)) return record;
  return (isAttempt ? endBefore(reading, id, tickId) : undefined) ?? buriedRecord(reading, tickId) ?? record;
}

/** A receipt names the run that is to come. Of one that never began, for its tick was ended before, that end is the answer. */
function endBefore(reading: Reading, id: string, tickId: string): RunRecord | undefined {
  const last = reading.history.find(tickId);
  const isEnd = last?.status === 'cancelled' || last?.status === 'expired' || last?.status === 'dead';
  return isEnd && id === formatRunId(tickId, last.attempt + 1) ? last : undefined;
}

/** What somebody has moved to the dlq by hand has no end on record. */
function buriedRecord(reading: Reading, tickId: string): RunRecord | undefined {
  const found = reading.dead().find(({ name }) => name.id === tickId);
  return found === undefined ? undefined : { ...blankRecord(found.name), status: 'dead', reason: `it lies in the dlq: ${found.file}` };
}

/** What is known of a run before it has ended. */
export function underWay(reading: Pick<Reading, 'outputs'>, name: TickName): RunRecord {
  return { ...blankRecord(name), status: 'running', ...reading.outputs(formatRunId(name.id, name.attempts)) };
}

function pendingRecord(reading: Reading, name: TickName, last: RunRecord | undefined): RunRecord {
  const next = { ...blankRecord({ ...name, attempts: name.attempts + 1 }) };
  const breaker = reading.holds().breakers[`cadence:${name.cadence}`];
  const because = breaker !== undefined && 'because' in breaker ? breaker.because : '';
  const isForced = isForcedName(name);
  const isHeld = !isForced && breaker !== undefined && breaker.state !== 'closed' && breaker.state !== 'backing_off';
  const told = last === undefined ? {} : { stdout_path: last.stdout_path, stderr_path: last.stderr_path };
  const endMs = reading.endMs(name);
  const againMs = Math.max(name.dueMs, freedMs(breaker));
  return {
    ...next,
    ...told,
    ...(endMs === undefined ? {} : { expires_at: toIso(endMs) }),
    status: isHeld ? 'held' : name.attempts > 0 ? 'waiting' : 'queued',
    reason: isHeld ? because : (last?.reason ?? ''),
    // What is forced stands before all others, at a time that means nothing.
    ...(isForced || breaker?.state === 'isolated' || (endMs ?? Number.POSITIVE_INFINITY) <= againMs ? {} : { retry_at: toIso(againMs) }),
  };
}

/** Until when it may be run, by its own text. A line of a batch, and what is about to move on, says nothing here. */
function spokenEnd({ files, paths }: Reading, name: TickName): Ms | undefined {
  const found = [paths.inbox, paths.waiting].map((dir) => files.read(`${dir}/${formatTickName(name)}`, MAX_FILE_BYTES)).find((one) => one?.kind === 'text');
  const tick = found?.kind === 'text' ? asRecord(parseJson(found.text)) : {};
  return spokenEndMs(tick as unknown as Tick);
}

/** A tick whose time has come waits for its breaker. */
function freedMs(breaker: Breaker | undefined): Ms {
  return breaker !== undefined && 'until' in breaker ? (parseIso(breaker.until) ?? 0) : 0;
}
