import type { Paths } from '../core/paths.ts';
import type { RunRecord } from '../core/run.ts';
import { lastLines } from '../core/text/excerpt.ts';
import { parseJson } from '../core/text/json-text.ts';
import { type DeadName, type DeadReport, formatDeadName, MAX_TICK_BYTES, type Tick } from '../core/tick.ts';
import { type Ms, toIso } from '../core/time/instant.ts';

/** A tick that was restarted for months has more attempts than anybody reads, and its file must still fit through the inbox. */
const MAX_RUNS = 100;

export function deadReport(name: DeadName, because: string, attempts: readonly RunRecord[], diedMs: Ms, paths: Paths): DeadReport {
  return {
    reason: name.reason,
    because,
    died_at: toIso(diedMs),
    attempts: name.attempts,
    runs: attempts.slice(-MAX_RUNS).map((run) => ({
      run_id: run.run_id,
      ended_at: run.ended_at ?? '',
      error: run.reason,
      last_lines: lastLines(run.stderr_tail ?? '', 10),
      stdout_path: run.stdout_path,
      stderr_path: run.stderr_path,
    })),
    revive: `mv ${quoted(`${paths.dlq}/${formatDeadName(name)}`)} ${quoted(`${paths.inbox}/`)}`,
  };
}

function quoted(path: string): string {
  return `'${path.replaceAll("'", "'\\''")}'`;
}

/**
 * The text of a tick with a report in it. Its own words stay as they stand: a number beyond 2^53 keeps its digits, and a
 * payload nested too deep to be written again is not written again.
 */
export function withReport(text: string, tick: Tick, dead: object): string {
  const body = isPlainTick(text) ? text : (compact(tick) ?? text);
  const report = JSON.stringify(dead, null, 2).replaceAll('\n', '\n  ');
  const head = body.slice(body.startsWith('\uFEFF') ? 1 : 0, body.lastIndexOf('}')).trimEnd();
  return `${head},\n  "dead": ${report}\n}\n`;
}

/** What was never a tick is kept word for word; undefined where it is too much to keep inside a report: then the file stays as it is. */
export function withRaw(text: string, dead: DeadReport): string | undefined {
  const raw = rawOf(text) ?? text;
  return Buffer.byteLength(raw) > MAX_TICK_BYTES ? undefined : `${JSON.stringify({ raw, dead }, null, 2)}\n`;
}

/** One that was dead before and was put back as it was. */
function rawOf(text: string): string | undefined {
  const value = parse(text);
  return value !== undefined && value.cadence === undefined && typeof value.raw === 'string' ? value.raw : undefined;
}

function isPlainTick(text: string): boolean {
  const value = parse(text);
  return value?.cadence !== undefined && value.dead === undefined;
}

function compact(tick: Tick): string | undefined {
  try {
    return JSON.stringify({ ...tick, dead: undefined });
  } catch (error) {
    // The stack ends before the nesting does. Of a key that stands twice the last one counts.
    if (error instanceof RangeError) return undefined;
    throw error;
  }
}

function parse(text: string): Record<string, unknown> | undefined {
  const value = parseJson(text.startsWith('\uFEFF') ? text.slice(1) : text);
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Record<string, unknown>) : undefined;
}
