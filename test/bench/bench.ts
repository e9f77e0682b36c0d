/**
 * All that this program promises about speed, measured against what this machine can do, in one run:
 *
 *     npm run bench -- [--rows 1,9] [--quick] [--full] [--json FILE] [--check] [--against FILE] [--dist DIR]
 *
 * `--json` writes the figures, `--check` compares with those of an earlier run (test/bench/results.json) and fails where a
 * ratio is more than 15 % worse. What is measured is the compiled product in `dist/`, in processes of its own.
 */
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { openGround } from './ground.ts';
import { findProduct } from './product.ts';
import { earlier, type Result, readResults, resultOf, worse, writeResults } from './results.ts';
import type { Bench, Row } from './row.ts';
import { BURST_ROWS } from './rows/burst.ts';
import { COMMAND_ROWS } from './rows/commands.ts';
import { DRAIN_ROWS } from './rows/drain.ts';
import { IDLE_ROWS } from './rows/idle.ts';
import { LATENCY_ROWS } from './rows/latency.ts';
import { PAST_ROWS } from './rows/past.ts';
import { SPAWN_ROWS } from './rows/spawn.ts';
import { format, headOf, lineOf } from './table.ts';

export const ROWS: readonly Row[] = [...COMMAND_ROWS, ...LATENCY_ROWS, ...DRAIN_ROWS, ...IDLE_ROWS, ...BURST_ROWS, ...SPAWN_ROWS, ...PAST_ROWS].sort(
  (a, b) => a.id - b.id,
);

const COMMITTED = fileURLToPath(new URL('results.json', import.meta.url));
/** A ratio that is worse is measured again, for a neighbour on the machine may have been the cause; the best of so many counts. */
const TRIES = 3;

const { values } = parseArgs({
  options: {
    rows: { type: 'string' },
    quick: { type: 'boolean', default: false },
    full: { type: 'boolean', default: false },
    json: { type: 'string' },
    check: { type: 'boolean', default: false },
    against: { type: 'string', default: COMMITTED },
    dist: { type: 'string' },
    list: { type: 'boolean', default: false },
  },
});

function chosen(): readonly Row[] {
  const ids = values.rows?.split(',').map(Number);
  for (const id of ids ?? [])
    if (!ROWS.some((row) => row.id === id)) throw new Error(`there is no row ${id}; there are ${ROWS.map((row) => row.id).join(', ')}`);
  return ROWS.filter(({ id }) => ids === undefined || ids.includes(id));
}

async function measure(row: Row, bench: Bench): Promise<readonly Result[]> {
  const lacks = row.lacks?.();
  if (lacks !== undefined) {
    process.stderr.write(`${row.id} ${row.title}: not measured here, it needs ${lacks}\n`);
    return [];
  }
  const startedMs = performance.now();
  const measures = await row.run(bench);
  process.stderr.write(`${row.id} ${row.title}: ${((performance.now() - startedMs) / 1000).toFixed(0)} s\n`);
  return measures.map((one) => resultOf(row, one));
}

async function main(): Promise<number> {
  if (values.list) {
    for (const { id, title } of ROWS) process.stdout.write(`${id} ${title}\n`);
    return 0;
  }
  const rows = chosen();
  const ground = openGround();
  // A mounted image must not outlive us.
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(130));
  process.once('exit', () => ground.close());
  const { quick: isQuick, full: isFull } = values;
  const bench: Bench = {
    product: findProduct(values.dist),
    ground,
    isQuick,
    isFull,
    count: (usual, least = 1) => (isQuick ? Math.max(least, Math.round(usual / 10)) : usual),
  };
  const head = headOf(ground, isQuick);
  process.stdout.write(`${head}\n\n`);
  const results: Result[] = [];
  for (const row of rows) results.push(...(values.check ? await checked(row, bench) : await measure(row, bench)));
  process.stdout.write(`${format(results.map((one) => lineOf(titleOf(one), one)))}\n\n`);
  for (const { id, workload, note } of results) if (note !== undefined) process.stdout.write(`${id} ${workload}: ${note}\n`);
  if (values.json !== undefined) writeResults(values.json, { conditions: head.split('\n'), results });
  return values.check ? verdict(results) : 0;
}

function titleOf({ id }: Result): string {
  return ROWS.find((row) => row.id === id)?.title ?? '';
}

/** The best of several runs, of which most need only one. */
async function checked(row: Row, bench: Bench): Promise<readonly Result[]> {
  const before = readResults(values.against);
  let best = await measure(row, bench);
  for (let tries = 1; tries < TRIES && best.some((one) => worse(one, earlier(before, one)) !== undefined); tries += 1) {
    const again = await measure(row, bench);
    best = best.map((one) => again.find(({ workload, figure }) => workload === one.workload && figure < one.figure) ?? one);
  }
  return best;
}

function verdict(results: readonly Result[]): number {
  const before = readResults(values.against);
  const complaints = results.flatMap((one) => worse(one, earlier(before, one)) ?? []);
  process.stdout.write(
    complaints.length === 0 ? '\nNothing is worse than before.\n' : `\nWorse than before:\n${complaints.map((line) => `  ${line}\n`).join('')}`,
  );
  return complaints.length === 0 ? 0 : 1;
}

process.exitCode = await main();
