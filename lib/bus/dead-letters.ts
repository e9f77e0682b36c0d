import { lastLines } from '../core/excerpt.ts';
import { toIso } from '../core/instant.ts';
import type { Paths } from '../core/paths.ts';
import type { RunRecord } from '../core/run.ts';
import { type DeadName, type DeadReport, formatDeadName, isCadenceName, type Tick } from '../core/tick.ts';
import type { Clock, Files } from '../ports.ts';

/**
 * The dead-letter folder. Its listing tells cadence, attempts and reason; a file tells why in words. Dying is one rename;
 * the report is written into the file after it, whole or not at all, so a crash in between leaves a dead tick that says
 * less, never a lost one. What is no regular file is moved and never opened: writing through a link would leave the root.
 */
export interface DeadLetters {
  /** false: `from` was no longer there. */
  bury(from: string, name: DeadName, tick: Tick | undefined, because: string, attempts: readonly RunRecord[]): boolean;
  /** Writes the report into a dead file that has none yet. */
  report(name: DeadName, tick: Tick | undefined, because: string, attempts: readonly RunRecord[]): void;
}

const MAX_RAW_CHARS = 64 * 1024;

export function createDeadLetters(deps: { files: Files; clock: Clock; paths: Paths }): DeadLetters {
  const { files, clock, paths } = deps;

  function report(name: DeadName, tick: Tick | undefined, because: string, attempts: readonly RunRecord[]): void {
    const path = `${paths.dlq}/${formatDeadName(name)}`;
    const found = files.read(path, 8 * MAX_RAW_CHARS);
    if (found?.kind !== 'text') return;
    const dead = deadReport(name, because, attempts, toIso(clock.nowMs()), path, paths.inbox);
    const body = tick === undefined ? { raw: found.text.slice(0, MAX_RAW_CHARS), dead } : { ...tick, dead };
    const text = stringify(body);
    if (text !== undefined) files.write(path, text);
  }

  return {
    bury(from, name, tick, because, attempts) {
      if (!files.rename(from, `${paths.dlq}/${formatDeadName(name)}`)) return false;
      report(name, tick, because, attempts);
      return true;
    },
    report,
  };
}

function deadReport(name: DeadName, because: string, attempts: readonly RunRecord[], diedAt: string, path: string, inbox: string): DeadReport {
  return {
    reason: name.reason,
    because,
    died_at: diedAt,
    attempts: name.attempts,
    runs: attempts.map((run) => ({
      run_id: run.run_id,
      ended_at: run.ended_at ?? '',
      error: run.reason,
      last_lines: lastLines(run.stderr_tail ?? '', 10),
      stdout_path: run.stdout_path,
      stderr_path: run.stderr_path,
    })),
    revive: `mv '${path.replaceAll("'", "'\\''")}' '${inbox.replaceAll("'", "'\\''")}/'`,
  };
}

/** undefined where the payload is nested too deep to be written again: then the file stays as it was. */
function stringify(value: unknown): string | undefined {
  try {
    return `${JSON.stringify(value, null, 2)}\n`;
  } catch (error) {
    if (error instanceof RangeError) return undefined;
    throw error;
  }
}

/** A cadence name made of any file name, for what has no better one. */
export function nameOfStray(file: string): string {
  const cleaned = file
    .replace(/\.(ndjson|json)$/, '')
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^-+|-+$/g, '')
    .slice(0, 48)
    .replace(/-+$/, '');
  return isCadenceName(cleaned) ? cleaned : 'unnamed';
}
