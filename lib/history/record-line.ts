import type { LogPosition } from '../core/holds.ts';
import { RUN_STATUSES, type RunRecord } from '../core/run.ts';
import { parseJson } from '../core/text/json-text.ts';
import { formatLink } from './position.ts';

/**
 * One line of the log of runs: the record, and `prev`, which says where the record before it of the same cadence
 * stands. `prev: null`: there is none. No `prev`: nobody has looked, the line is not from our writer.
 */
export interface RecordLine {
  readonly run: RunRecord;
  readonly prev: string | null | undefined;
}

/** A record is made in the order that `parsePlain` reads (core/record.ts); in another one it is read as any JSON is, which takes longer. */
export function formatRecordLine(run: RunRecord, prev: LogPosition | null): string {
  return `${JSON.stringify(run).slice(0, -1)},"prev":${prev === null ? 'null' : `"${formatLink(prev)}"`}}\n`;
}

/** undefined for whatever is no record: torn, garbled, of another kind. */
export function parseRecordLine(bytes: Buffer, start: number, end: number): RecordLine | undefined {
  linesRead += 1;
  const isPlain = linesRead > FEW_LINES && end - start <= MAX_PLAIN_BYTES;
  return (isPlain ? parsePlain(bytes.toString('latin1', start, end)) : undefined) ?? parseAny(bytes.toString('utf8', start, end));
}

function parseAny(text: string): RecordLine | undefined {
  const value = parseJson(text);
  if (typeof value !== 'object' || value === null) return undefined;
  const { prev, ...run } = value as Record<string, unknown>;
  return isRunRecord(run) ? { run, prev: prev === null || typeof prev === 'string' ? prev : undefined } : undefined;
}

const STATUSES: ReadonlySet<unknown> = new Set(RUN_STATUSES);

export function isRunRecord(value: unknown): value is RunRecord {
  if (typeof value !== 'object' || value === null) return false;
  const run = value as Record<string, unknown>;
  const texts = [run.run_id, run.cadence, run.tick, run.reason, run.summary, run.started_at];
  return (
    texts.every((text) => typeof text === 'string') &&
    STATUSES.has(run.status) &&
    typeof run.attempt === 'number' &&
    typeof run.duration_ms === 'number' &&
    (run.ended_at === null || typeof run.ended_at === 'string')
  );
}

// ── The plain line ─────────────────────────────────────────────────────────────────────────────────────────────────
// Nearly every line has our order of fields, plain ASCII and few escapes. One expression reads it whole,
// faster than JSON.parse, and accepts nothing that JSON.parse would refuse or read otherwise.

/** Expressions keep a mark for every character that they may have to go back to. */
const MAX_PLAIN_BYTES = 16 * 1024;

const TEXT = '"([ !#-\\[\\]-~]*)"';
/** With line ends, tabs and quotes in it, as the words of programs have them. */
const PROSE = '"((?:[ !#-\\[\\]-~]|\\\\[nrt"\\\\])*)"';
const TEXT_OR_NULL = `(?:null|${TEXT})`;
const COUNT = '(0|[1-9]\\d{0,14})';
const NUMBER_OR_NULL = '(?:null|((?:0|[1-9]\\d{0,14})(?:\\.\\d{1,15})?))';

const FIELDS = {
  run_id: TEXT,
  cadence: TEXT,
  tick: TEXT,
  attempt: COUNT,
  status: TEXT,
  reason: PROSE,
  summary: PROSE,
  started_at: TEXT,
  ended_at: TEXT_OR_NULL,
  duration_ms: COUNT,
  exit_code: NUMBER_OR_NULL,
  signal: TEXT_OR_NULL,
  cost_usd: NUMBER_OR_NULL,
  stdout_path: TEXT_OR_NULL,
  stderr_path: TEXT_OR_NULL,
} as const;
const MORE_FIELDS = ['blame', 'account', 'key', 'slot', 'source', 'prompt_path', 'retry_at', 'moves_to'] as const;

/** To make the expression takes as long as to read so many without it, and most commands read fewer. */
const FEW_LINES = 200;
let linesRead = 0;

function plainPattern(): RegExp {
  const fields = Object.entries(FIELDS).map(([name, value]) => `"${name}":${value}`);
  const more = MORE_FIELDS.map((name) => `(?:,"${name}":${TEXT})?`);
  return new RegExp(`^\\{${fields.join(',')}${more.join('')}(?:,"stderr_tail":${PROSE})?,"prev":(?:null|"(\\d{4}-\\d{2}-\\d{2}:\\d+)")\\}$`);
}

let plain: RegExp | undefined;

type Writable<T> = { -readonly [K in keyof T]: T[K] };

function parsePlain(line: string): RecordLine | undefined {
  plain ??= plainPattern();
  const found = plain.exec(line);
  if (found === null || !STATUSES.has(found[5])) return undefined;
  const run: Writable<RunRecord> = {
    run_id: found[1] as string,
    cadence: found[2] as string,
    tick: found[3] as string,
    attempt: Number(found[4]),
    status: found[5] as RunRecord['status'],
    reason: unescaped(found[6] as string),
    summary: unescaped(found[7] as string),
    started_at: found[8] as string,
    ended_at: found[9] ?? null,
    duration_ms: Number(found[10]),
    exit_code: found[11] === undefined ? null : Number(found[11]),
    signal: found[12] ?? null,
    cost_usd: found[13] === undefined ? null : Number(found[13]),
    stdout_path: found[14] ?? null,
    stderr_path: found[15] ?? null,
  };
  if (found[16] !== undefined) run.blame = found[16] as NonNullable<RunRecord['blame']>;
  if (found[17] !== undefined) run.account = found[17];
  if (found[18] !== undefined) run.key = found[18];
  if (found[19] !== undefined) run.slot = found[19];
  if (found[20] !== undefined) run.source = found[20];
  if (found[21] !== undefined) run.prompt_path = found[21];
  if (found[22] !== undefined) run.retry_at = found[22];
  if (found[23] !== undefined) run.moves_to = found[23];
  if (found[24] !== undefined) run.stderr_tail = unescaped(found[24]);
  return { run, prev: found[25] ?? null };
}

function unescaped(prose: string): string {
  return prose.includes('\\') ? (JSON.parse(`"${prose}"`) as string) : prose;
}
