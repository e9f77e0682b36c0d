import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { howMet, type Measure, type Row } from './row.ts';

/** What was measured before, kept in `results.json`, and whether it has become worse. */

export interface Result extends Measure {
  readonly id: number;
  readonly met: boolean;
  readonly needsPeers?: true;
}

export interface Results {
  readonly conditions: readonly string[];
  readonly isQuick: boolean;
  readonly results: readonly Result[];
}

export function resultOf(row: Row, measure: Measure): Result {
  return { id: row.id, ...measure, met: howMet(measure) !== 'no', ...(row.needsPeers === true ? { needsPeers: true } : {}) };
}

export function writeResults(path: string, results: Results): void {
  writeFileSync(path, `${JSON.stringify(results, null, 2)}\n`);
}

export function readResults(path: string): Results {
  if (!existsSync(path)) throw new Error(`${path} is not there: a run with --json writes it, on a machine that does nothing else`);
  const results = JSON.parse(readFileSync(path, 'utf8')) as Results;
  if (!Array.isArray(results.results) || results.results.length === 0) throw new Error(`${path} holds no results`);
  if (results.isQuick) throw new Error(`${path} comes from a run with --quick, which proves nothing`);
  return results;
}

const TOLERANCE = 1.15;

/**
 * In words, what is wrong with a result beside the one before it. Ratios are compared: they are nearly the same on every
 * machine. Other figures depend on it, so of them only a target that was met and is missed counts.
 */
export function worse(now: Result, before: Result | undefined): string | undefined {
  const what = `${now.id} ${now.workload}`;
  if (!Number.isFinite(now.figure)) return `${what}: nothing was measured`;
  if (before === undefined || !Number.isFinite(before.figure)) return undefined;
  if (now.isRatio && now.figure > before.figure * TOLERANCE) {
    return `${what}: ${now.figure.toFixed(3)}x, and ${before.figure.toFixed(3)}x before: ${Math.round((now.figure / before.figure - 1) * 100)} % worse`;
  }
  return !now.isRatio && before.met && !now.met ? `${what}: ${now.ours} misses its target, which was met before` : undefined;
}

/**
 * Everything that is wrong with this run beside an earlier one. What was measured then and is not now is wrong too, or a row
 * that was renamed, broken or run with other numbers would be compared with nothing and pass.
 */
export function complaintsOf(now: readonly Result[], before: Results, rows: readonly Pick<Row, 'id' | 'needsPeers'>[]): readonly string[] {
  const isMeasured = ({ id, workload }: Result): boolean => now.some((one) => one.id === id && one.workload === workload);
  const gone = before.results.filter((one) => rows.some((row) => isOf(one, row)) && !isMeasured(one));
  const unknown = rows.filter((row) => !before.results.some((one) => isOf(one, row)));
  return [
    ...now.flatMap((one) => worse(one, earlier(before, one)) ?? []),
    ...gone.map(({ id, workload }) => `${id} ${workload}: measured before, and not now`),
    ...unknown.map(({ id }) => `${id}: the earlier run has no figure of this row`),
  ];
}

export function isOf({ id, needsPeers }: Result, row: Pick<Row, 'id' | 'needsPeers'>): boolean {
  return id === row.id && needsPeers === row.needsPeers;
}

export function earlier(results: Results, { id, workload }: Result): Result | undefined {
  return results.results.find((result) => result.id === id && result.workload === workload);
}
