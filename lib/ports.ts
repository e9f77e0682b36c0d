/**
 * Every seam of the program, types only. Read this first.
 *
 * `core` decides, the small folders act through these ports, `app/compose.ts` hands them out. A port's comment is its
 * contract: when it resolves, what `false` means, what never happens.
 */
import type { BusSettings, Cadence } from './core/cadence.ts';
import type { CadenceDigest } from './core/cadence-digest.ts';
import type { ChildExit, SpawnSpec } from './core/child.ts';
import type { Definition, Problem } from './core/definition.ts';
import type { BusEvent } from './core/event.ts';
import type { FileInfo, FileText } from './core/file-info.ts';
import type { LogPosition } from './core/holds.ts';
import type { Spending } from './core/money/spending.ts';
import type { StopCause } from './core/outcome.ts';
import type { ControlRequest, OwnerInfo, OwnerState, Surroundings } from './core/owner.ts';
import type { RunRecord } from './core/run.ts';
import type { RunEnd } from './core/run-end.ts';
import type { Transition } from './core/settle.ts';
import type { DeadName, Tick, TickName } from './core/tick.ts';
import type { Ms } from './core/time/instant.ts';

export type { Announcer, Incidents, Ladder } from './core/incident/care-seam.ts';
export type { Http, Outbox } from './core/notice/seam.ts';
export type { SlotLedger, SlotReading, TickDrop, Uptime } from './core/slot/seam.ts';
export type { CadenceDigest, ChildExit, ControlRequest, Definition, FileInfo, FileText, OwnerInfo, OwnerState, Problem, RunEnd, SpawnSpec, Surroundings };

export interface Closeable {
  close(): void;
}

// ── Time and chance ────────────────────────────────────────────────────────────────────────────────────────────────

export interface Clock {
  /** Wall-clock time. It may jump either way. */
  nowMs(): Ms;
  /** 0 ≤ x < 1. */
  random(): number;
  /** Calls `wake` once, `ms` from now or later; never after `close`. */
  after(ms: Ms, wake: () => void): Closeable;
  /** Resolves when other work of the event loop has had its turn. */
  breathe(): Promise<void>;
}

export interface Ids {
  /** 12 characters of [a-z0-9], unique for ever. */
  fresh(): string;
  /** The same 12 characters for the same words, always: the identity of a keyed tick. */
  keyed(...words: readonly string[]): string;
}

// ── Files ──────────────────────────────────────────────────────────────────────────────────────────────────────────

/**
 * The disk, narrow enough to be cut after every call in tests. Calls are synchronous because that is three times
 * faster than promises for these small operations; callers work in short slices and breathe between them.
 * Every method throws `CadenceError('io' | 'permission')`, naming the path, on a fault that its contract does not name.
 */
export interface Files {
  /** Names in a folder, in no order; nothing where there is no folder. Names that are not UTF-8 come as they decode. */
  list(dir: string): readonly string[];
  /** The same in parts, each read when it is asked for, so that a folder of a million never stands in memory. What comes or goes
   *  meanwhile is met or not, and a name may be met twice. */
  listParts(dir: string): Iterable<readonly string[]>;
  /** Never follows a symlink. undefined: nothing there. */
  info(path: string): FileInfo | undefined;
  /** The whole text of a regular file, opened without following a symlink and without blocking on a FIFO.
   *  undefined: nothing there. `too_large`: more than `maxBytes`. `not_a_file`: anything but a regular file. */
  read(path: string, maxBytes?: number): FileText | undefined;
  /** At most `bytes` bytes from `offset` on. */
  readRange(path: string, offset: number, bytes: number): Buffer;
  /** The same for who reads at many places: a regular file is opened once. It is read on when it is renamed or removed meanwhile. */
  open(path: string): OpenFile;
  /** Whole or not at all, and on disk (file and folder) when it returns. `mode`: 0600 where nobody else need read it. */
  write(path: string, text: string, mode?: number): void;
  /** A new file, in one write; false: it exists. Not flushed. */
  create(path: string, text: string): boolean;
  /** false: `from` was not there, somebody was first. Replaces `to`. */
  rename(from: string, to: string): boolean;
  /** false: it was not there. */
  remove(path: string): boolean;
  /** Removes a folder and all in it; never follows a symlink. */
  removeTree(path: string): void;
  /** With its parents, 0700 unless `mode` says otherwise. false: it was there. */
  makeDir(path: string, mode?: number): boolean;
  /** Makes what was created, renamed or removed in this folder survive a power cut. */
  flushDir(path: string): void;
  /** Opens for appending, creates where needed; a torn last line of an earlier life is closed with a newline first. */
  append(path: string): AppendLog;
  /** Cuts a file that others append to down to its first `headBytes`. */
  truncate(path: string, headBytes: number): void;
  /** A hint that something changed in this folder, and under which name, where the system says it: may come late, doubled or not at all. */
  watch(dir: string, onChange: (name?: string) => void): Closeable;
  freeBytes(path: string): number;
  realPath(path: string): string;
}

export interface OpenFile extends Closeable {
  /** Fills `into` with what stands from `offset` on, and answers with how many bytes there were. */
  read(into: Buffer, offset: number): number;
}

export interface AppendLog {
  /** Where the next text will begin: behind all that is there, and behind the newline that closes a torn line. */
  readonly endBytes: number;
  /** In the page cache when it returns: survives the death of this process, not of the machine. */
  write(text: string): void;
  /** On disk when it resolves. Concurrent calls share one flush. */
  flush(): Promise<void>;
  close(): void;
}

// ── The queue: all that the bus needs of a transport (files here; a cluster engine later) ──────────────────────────

/** Exclusive right to settle one tick, charged with one attempt. */
export interface Claim {
  /** The name it has now, its attempts including this one. */
  readonly name: TickName;
  readonly tick: Tick;
}

/** The head of one cadence's pending ticks; retries stand before fresh ones, older before younger. */
export type Head = Pick<Claim, 'name'>;

/** There at once where nothing has to be waited for: a promise for each of a thousand ticks costs more than they do. */
export type Soon<T> = T | Promise<T>;

export interface Queue {
  /** Takes notice of what has arrived: adopts what is foreign, dead-letters what is malformed. Answers when to look again at files that are still being
   *  written; undefined: only an arrival changes anything. `isFirst`: for who needs to know what lay there at the start; it is read once, as it is. */
  refresh(isFirst?: boolean): Promise<Ms | undefined>;
  /** Cadences with pending ticks. */
  cadences(): Iterable<string>;
  head(cadence: string): Head | undefined;
  /** One rename that charges the attempt, or less for a line of a batch. `lasts`: its run goes on for a while, so the claim is to
   *  be a file that a person can see. undefined: it is gone, or it was malformed and lies in the dlq now; look again. */
  take(head: Head, lasts?: boolean): Soon<Claim | undefined>;
  /** Nothing was done with this claim, for the disk refused: it is pending again, uncharged, once the disk is well. */
  putBack(claim: Claim): void;
  /** The cadence is held: its ticks leave the drop zone, so that it stays small. One rename a tick, once. */
  park(cadence: string): Promise<void>;
  /** What waits for another try is due now. */
  hasten(cadence: string): Promise<void>;
  /** One rename or removal. false: it was no longer ours; conclude nothing. */
  settle(claim: Claim, transition: Transition, attempts: readonly RunRecord[]): Soon<boolean>;
  /** Ends a pending tick without a run. false: it was not pending. */
  discard(name: TickName, transition: Transition, attempts: readonly RunRecord[]): Promise<boolean>;
  /** Pending ticks of this cadence that have spent nothing and ask for nothing but one run: no payload, no key. */
  plain(cadence: string, onlySlots: boolean): Promise<readonly TickName[]>;
  /** Completes the report of a dead tick whose owner died before it was written. */
  report(run: RunRecord, attempts: readonly RunRecord[]): void;
  /** A pending tick by its id. */
  find(id: string): TickName | undefined;
  /** What the text of a pending tick says now; undefined: it is gone, or it is none. */
  peek(id: string): Tick | undefined;
  /** Claims that an earlier owner left. A malformed one lies in the dlq already. */
  orphans(): Promise<readonly Claim[]>;
  /** A tick of the bus's own, accepted at once and on disk when it returns. false: one with this id is pending or runs. */
  put(name: TickName, tick: Tick): boolean;
  /** Something was dropped: the next `refresh` looks, whether a hint comes or not. */
  expect(): void;
  onArrival(wake: () => void): Closeable;
}

/** What the queue found in the drop zone and dealt with by itself. */
export interface QueueNews {
  dead(name: DeadName, because: string): void;
  coalesced(id: string, cadence: string, because: string): void;
  adopted(name: TickName, from: string): void;
  left(path: string, because: string): void;
}

// ── History ────────────────────────────────────────────────────────────────────────────────────────────────────────

/** The log of runs (`runs/<day>.jsonl`), one writer. */
export interface RunLog {
  /** Counted at once; in the log with the next `write`: then `written` is told where it ends. */
  record(run: RunRecord, written?: (end: LogPosition) => void): void;
  /** What was recorded is in the page cache when it returns. Throws where the disk refuses: then none of it is in the log, and all of it waits. */
  write(): void;
  /** What was recorded is on disk. */
  flush(): Promise<void>;
  /** Where the log ends, with what was written last. */
  position(): LogPosition;
  spending(): Spending;
  /** Every record behind a position, oldest first. */
  since(position: LogPosition): Iterable<RunRecord>;
  close(): void;
}

/** Answers from the files alone: no owner is needed, and it may die while we read. */
export interface History {
  /** Newest first. With a cadence, the cost is that of the records returned, not of the log. */
  runs(query: { readonly cadence?: string; readonly limit: number; readonly sinceMs?: Ms; readonly status?: string }): readonly RunRecord[];
  /** A run by its run id, or the latest run of a tick by the tick's id. */
  find(runOrTickId: string): RunRecord | undefined;
  /** Every attempt of a tick, oldest first. */
  attempts(cadence: string, tickId: string): readonly RunRecord[];
  /** The newest record of each of these runs, looked for among so many of the newest records, or a few more. */
  newest(runIds: ReadonlySet<string>, among: number): ReadonlyMap<string, RunRecord>;
  /** Ids of the keyed ticks that have ended since then: the same key again is the same tick. */
  keyed(sinceMs: Ms): Iterable<string>;
  /** Per cadence: the last run, and how many of each kind there were. */
  digest(): Readonly<Record<string, CadenceDigest>>;
  /** What all recorded runs have spent, by the days of the owner's zone, or of this one where no owner has said. */
  spending(zone: string): { readonly spending: Spending; readonly zone: string };
}

/** The journal of events (`journal/<day>.jsonl`), one writer. `atMs`: when it was, of what is told a moment later. */
export interface Journal {
  emit(event: Omit<BusEvent, 'ts'>, atMs?: Ms): void;
  /** What was emitted is on disk. */
  flush(): Promise<void>;
  /** Every event, as it is emitted; for the control channel and for tests. */
  onEvent(see: (event: BusEvent) => void): Closeable;
  close(): void;
}

/** One JSON document with one writer. A broken file is set aside as `.broken-<time>` and reads as absent. */
export interface Doc<T> {
  read(): T | undefined;
  write(value: T): void;
  remove(): void;
}

// ── Processes ──────────────────────────────────────────────────────────────────────────────────────────────────────

/**
 * A child in a session of its own, its output going to files, tied to nobody's life. Starting never throws: a child
 * that could not be started ends at once with `spawnError`.
 */
export interface Processes {
  start(spec: SpawnSpec): Child;
  /** The child that an earlier owner started: alive, ended with its exit code kept, or lost. */
  adopt(runId: string, runDir: string): Child;
  /** Start time of a process, as an opaque text; undefined: no such process, or a zombie. */
  identity(pid: number): string | undefined;
}

export interface Child {
  readonly exited: Promise<ChildExit>;
  /** TERM to the program, `graceMs`, then the whole tree with all that carries the run's tag. Resolves with who is left. Later calls join the first. */
  stop(graceMs: Ms): Promise<readonly { readonly pid: number; readonly command: string }[]>;
  /** It goes on, and its end is waited for no more: it does not keep this process alive. */
  leave(): void;
}

// ── Runners ────────────────────────────────────────────────────────────────────────────────────────────────────────

export interface Job {
  readonly runId: string;
  readonly attempt: number;
  readonly tickId: string;
  readonly tick: Tick;
  readonly cadence: Cadence;
  readonly startedMs: Ms;
}

/** Runs one job to its end. Never rejects: what may happen is an outcome. */
export interface Runner {
  run(job: Job, stop: StopSignal): Promise<RunEnd>;
  /** Goes on with a job whose child an earlier owner started. */
  adopt(job: Job, stop: StopSignal): Promise<RunEnd>;
}

/** One-way: the first cause wins. */
export interface StopSignal {
  readonly cause: StopCause | undefined;
  onStop(listener: (cause: StopCause) => void): void;
}

// ── Definitions ────────────────────────────────────────────────────────────────────────────────────────────────────

/** What the `cadences/` folder says now. */
export interface Definitions {
  get(name: string): Definition | undefined;
  all(): readonly Definition[];
  settings(): BusSettings;
  /** Errors of `bus.yaml` and of files that never were right. */
  problems(): readonly Problem[];
}

// ── The owner ──────────────────────────────────────────────────────────────────────────────────────────────────────

/**
 * The ownership of a root: a listening Unix socket, which the kernel frees at any death and a stopped owner keeps. It is
 * the control channel too.
 */
export interface Ownership extends Closeable {
  /** False once somebody has removed or replaced the socket: stop claiming. Costs one lstat. */
  isHeld(): boolean;
  /** Answers one request with one line, and may go on sending lines; `isOpen` turns false when the caller has gone. */
  serve(handler: (request: ControlRequest, reply: ControlReply) => void): void;
}

export interface ControlReply {
  readonly isOpen: boolean;
  send(answer: Readonly<Record<string, unknown>>): void;
  end(): void;
}
