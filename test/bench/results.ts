import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { isMet, type Measure, type Row } from './row.ts';

/** What was measured before, kept in `results.json`, and whether it has become worse. */

export interface Result extends Measure {
  readonly id: number;
  readonly met: boolean;
}

export interface Results {
  readonly conditions: readonly string[];
  readonly results: readonly Result[];
}

export function resultOf(row: Row, measure: Measure): Result {
  return { id: row.id, ...measure, met: isMet(measure) };
}

export function writeResults(path: string, results: Results): void {
  writeFileSync(path, `${JSON.stringify(results, null, 2)}\n`);
}

export function readResults(path: string): Results {
  if (!existsSync(path)) throw new Error(`${path} is not there: a run with --json writes it, on a machine that does nothing else`);
  return JSON.parse(readFileSync(path, 'utf8')) as Results;
}

const TOLERANCE = 1.15;

/**
 * In words, what is wrong with a result beside the one before it. Ratios are compared: they are nearly the same on every
 * machine. Other figures depend on it, so of them only a target that was met and is missed counts.
 */
export function worse(now: Result, before: Result | undefined): string | undefined {
  const what = `${now.id} ${now.workload}`;
  if (!Number.isFinite(now.figure)) return `${what}: nothing was measured`;
  if (before === undefined) return undefined;
  if (now.isRatio && now.figure > before.figure * TOLERANCE) {
    return `${what}: ${now.figure.toFixed(3)}x, and ${before.figure.toFixed(3)}x before: ${Math.round((now.figure / before.figure - 1) * 100)} % worse`;
  }
  return !now.isRatio && before.met && !now.met ? `${what}: ${now.ours} misses its target, which was met before` : undefined;
}

export function earlier(results: Results, { id, workload }: Result): Result | undefined {
  return results.results.find((result) => result.id === id && result.workload === workload);
}
