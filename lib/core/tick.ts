import { CadenceError } from './error.ts';
import { formatCompact, type Ms, parseCompact, parseIso } from './time/instant.ts';

/**
 * A tick is one request to run a cadence once. Where its file lies and what it is called are its whole state:
 *
 *     <due>.<cadence>.<id>.<attempts>.json               in inbox, waiting, claimed
 *     <due>.<cadence>.<id>.<attempts>.<reason>.json      in dlq
 *
 * so a directory listing is the queue, and every transition is one rename.
 */
export interface TickName {
  readonly dueMs: Ms;
  readonly cadence: string;
  readonly id: string;
  /** Attempts charged so far; claiming charges one. */
  readonly attempts: number;
}

export const DEAD_REASONS = ['exhausted', 'permanent', 'malformed', 'unknown-cadence', 'expired', 'owner-died', 'rejected'] as const;
export type DeadReason = (typeof DEAD_REASONS)[number];
export interface DeadName extends TickName {
  readonly reason: DeadReason;
}

/** What a tick file holds. Names on disk, so snake_case. Fields that we do not know are kept. */
export interface Tick {
  readonly cadence: string;
  readonly source: string;
  readonly enqueued_at: string;
  readonly payload?: unknown;
  /** Two ticks of one cadence with the same key are one run. */
  readonly key?: string;
  /** The scheduled instant this tick stands for. */
  readonly slot?: string;
  readonly expires_at?: string;
  readonly parent_run?: string;
  readonly depth?: number;
  /** Somebody wants this one run now, whatever holds its cadence: see `isForcedName`. */
  readonly force?: boolean;
  /** Present in a file that was revived from `dlq/`: what it had already spent is not counted again. */
  readonly dead?: DeadReport;
}

/** What a dead tick's file says in words, so that `cat dlq/X` is enough. */
export interface DeadReport {
  readonly reason: DeadReason;
  readonly because: string;
  readonly died_at: string;
  readonly attempts: number;
  readonly runs: readonly {
    readonly run_id: string;
    readonly ended_at: string;
    readonly error: string;
    readonly last_lines: readonly string[];
    readonly stdout_path: string | null;
    readonly stderr_path: string | null;
  }[];
  readonly revive: string;
}

const CADENCE_NAME = /^[a-z0-9][a-z0-9-]{0,48}[a-z0-9]$/;
const MAX_NAME_LENGTH = 50;
const SUFFIX = '.json';
const ID_LENGTH = 12;
const TICK_ID = /^[a-z0-9]{12}$/;
const RUN_ID = /^([a-z0-9]{12})-(\d{1,6})$/;
const ATTEMPTS = /^(?:0|[1-9]\d{0,5})$/;
export const MAX_TICK_BYTES = 256 * 1024;
/** A tick's file may hold more than a tick: the report of its death, or its own text once more, with every sign escaped. */
export const MAX_FILE_BYTES = 8 * MAX_TICK_BYTES;

export function isCadenceName(text: string): boolean {
  return CADENCE_NAME.test(text);
}

export function isTickId(text: string): boolean {
  return TICK_ID.test(text);
}

/** The receipt's id: which attempt of which tick. */
export function formatRunId(id: string, attempt: number): string {
  return `${id}-${attempt}`;
}

export function parseRunId(text: string): { readonly id: string; readonly attempt: number } | undefined {
  const found = RUN_ID.exec(text);
  return found === null ? undefined : { id: found[1] as string, attempt: Number(found[2]) };
}

export function formatTickName(name: TickName): string {
  return `${formatCompact(name.dueMs)}.${name.cadence}.${name.id}.${name.attempts}.json`;
}

export function formatDeadName(name: DeadName): string {
  return `${formatCompact(name.dueMs)}.${name.cadence}.${name.id}.${name.attempts}.${name.reason}.json`;
}

/** A name that is not UTF-8 arrives changed, so that nobody can open or move its file. */
export function isUnwritable(file: string): boolean {
  return file.includes('\uFFFD');
}

/** By its name: what no owner ever takes in, however long it lies in the inbox, is no tick. */
export function mayBecomeTick(file: string): boolean {
  return !file.startsWith('.') && !isUnwritable(file) && (file.endsWith(SUFFIX) || file.endsWith('.ndjson'));
}

/** undefined for every name that is not canonical to the last character. */
export function parseTickName(file: string): TickName | undefined {
  return file.endsWith(SUFFIX) ? readName(file.slice(0, -SUFFIX.length)) : undefined;
}

export function parseDeadName(file: string): DeadName | undefined {
  if (!file.endsWith(SUFFIX)) return undefined;
  const reasonAt = file.lastIndexOf('.', file.length - SUFFIX.length - 1) + 1;
  const said = file.slice(reasonAt, -SUFFIX.length);
  const reason = DEAD_REASONS.find((known) => known === said);
  if (reason === undefined || reasonAt === 0) return undefined;
  const name = readName(file.slice(0, reasonAt - 1));
  return name === undefined ? undefined : { ...name, reason };
}

/** A file of the dlq. One that somebody has moved there by hand has no reason in its name, and is as dead as all others. */
export function parseBuriedName(file: string): DeadName | undefined {
  const byHand = parseTickName(file);
  return byHand === undefined ? parseDeadName(file) : { ...byHand, reason: 'rejected' };
}

/** The cadence of the last name that was read, before that none that could be: of a backlog of one cadence, the text stands in memory once. */
let lastCadence = '.';

function readName(name: string): TickName | undefined {
  const cadenceAt = name.indexOf('.') + 1;
  const idAt = name.indexOf('.', cadenceAt) + 1;
  const attemptsAt = idAt + ID_LENGTH + 1;
  if (idAt === 0 || name[attemptsAt - 1] !== '.') return undefined;
  const dueMs = parseCompact(name.slice(0, cadenceAt - 1));
  const [cadence, id, attempts] = [name.slice(cadenceAt, idAt - 1), name.slice(idAt, attemptsAt - 1), name.slice(attemptsAt)];
  if (dueMs === undefined || !TICK_ID.test(id) || !ATTEMPTS.test(attempts)) return undefined;
  if (cadence !== lastCadence) {
    if (!isCadenceName(cadence)) return undefined;
    lastCadence = cadence;
  }
  return { dueMs, cadence: lastCadence, id, attempts: Number(attempts) };
}

/** Due before everything else, so that a listing shows it and the gate, which opens nothing, sees it at the head of its cadence. */
export const FORCED_DUE_MS: Ms = 0;

/** Named like a forced tick at its first try. Later tries wait their turn like every other. */
export function isForcedName(name: TickName): boolean {
  return name.dueMs === FORCED_DUE_MS && name.attempts === 0;
}

/** A revived tick starts with a fresh budget: what it spent before it died is not charged again. */
export function attemptsSpent(name: TickName, tick: Tick): number {
  return Math.max(0, name.attempts - (tick.dead?.attempts ?? 0));
}

/** It was given up as too old and given back: whoever did so wants it run, so its age counts from there. */
export function isOldRevived(tick: Tick): boolean {
  return tick.dead?.reason === 'expired';
}

/** Until when it may be run, as it says itself. */
export function spokenEndMs(tick: Tick): Ms | undefined {
  return isOldRevived(tick) ? undefined : parseIso(tick.expires_at);
}

/** Control ticks are orders to the owner itself; nothing holds them. */
export const CONTROL_CADENCE = 'bus-control';

/** The nearest that a cadence may be called; undefined where too little is left. */
export function cadenceNameFrom(text: string): string | undefined {
  const plain = text
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^-/, '');
  const name = plain.slice(0, MAX_NAME_LENGTH).replace(/-$/, '');
  return isCadenceName(name) ? name : undefined;
}

export const CADENCE_NAME_RULE = 'A name has 2 to 50 characters of a-z, 0-9 and -, and begins and ends with a letter or a digit.';

export function refuseCadenceName(name: string): CadenceError {
  return new CadenceError('bad_data', `"${name.slice(0, 80)}" is not a cadence name`, CADENCE_NAME_RULE);
}
