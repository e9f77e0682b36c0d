/**
 * All that this program promises about speed, measured against what this machine can do, in one run; HELP tells how it is
 * asked. What is measured is the compiled product in `dist/`, in processes of its own.
 */
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import './certificates.ts';
import { openGround } from './ground.ts';
import { paceOf } from './pace.ts';
import { writePlot } from './plot.ts';
import { findProduct } from './product.ts';
import { complaintsOf, earlier, isOf, type Result, type Results, readResults, resultOf, worse, writeResults } from './results.ts';
import type { Bench, Measure, Row } from './row.ts';
import { PEER_ROWS, ROWS } from './rows/rows.ts';
import { format, headOf, lineOf } from './table.ts';

const COMMITTED = fileURLToPath(new URL('results.json', import.meta.url));
/** A ratio that is worse is measured again, for a neighbour on the machine may have been the cause; the best of so many counts. */
const TRIES = 3;

const HELP = `Examples
  npm run bench                                       every row, some 20 minutes on a quiet machine
  npm run bench -- --list                             what the rows are
  npm run bench -- --rows 2,14 --quick                two of them, roughly
  npm run bench -- --check                            all of them, against test/bench/results.json
  npm run bench -- --rows 7 --dist ../old/dist        another build

Options
  --rows 1,9       only these
  --quick          fewer rounds
  --full           the large sizes, too
  --json FILE      write the figures
  --svg FILE       draw a picture of the ratios
  --check          compare with an earlier run; exit 1 where a ratio is more than 15 % worse
  --against FILE   that run (default: test/bench/results.json)
  --dist DIR       the compiled product to measure (default: dist/)
  --peers          other queues, too: those of npm are fetched into a temporary folder, redis, postgresql, nq and tsp are
                   taken where they are installed, and who is not there is named as absent
  --list           name the rows, measure nothing
  -h, --help       this help
`;

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
    peers: { type: 'boolean', default: false },
    svg: { type: 'string' },
    help: { type: 'boolean', short: 'h', default: false },
  },
});

function chosen(): readonly Row[] {
  const ids = values.rows?.split(',').map(Number);
  const rows = values.peers ? [...ROWS, ...PEER_ROWS] : ROWS;
  const known = [...new Set(rows.map((row) => row.id))];
  const unknown = ids?.filter((id) => !known.includes(id)) ?? [];
  if (unknown.length > 0) throw new Error(`there is no row ${unknown.join(', ')}; there are ${known.join(', ')}`);
  return rows.filter(({ id }) => ids === undefined || ids.includes(id));
}

/** One that cannot be measured spoils no other; it stands in the table as what it is. */
async function measure(row: Row, bench: Bench): Promise<readonly Result[]> {
  const lacks = row.lacks?.();
  if (lacks !== undefined) {
    process.stderr.write(`${row.id} ${row.title}: not measured here, it needs ${lacks}\n`);
    return [];
  }
  const startedMs = performance.now();
  const measures = await row.run(bench).catch((error: unknown): readonly Measure[] => [failed(error)]);
  process.stderr.write(`${row.id} ${row.title}: ${((performance.now() - startedMs) / 1000).toFixed(0)} s\n`);
  bench.ground.clear();
  return measures.map((one) => resultOf(row, one));
}

function failed(error: unknown): Measure {
  const note = error instanceof Error ? (error.stack ?? error.message) : String(error);
  return { workload: 'FAILED', ours: '', limit: '', figure: Number.NaN, isRatio: false, target: 0, note };
}

function prepare(): Bench {
  // A mounted image must not outlive us.
  process.once('exit', () => ground.close());
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(signal, () => process.exit(130));
  const { quick: isQuick, full: isFull } = values;
  const ground = openGround(isFull);
  const count = (usual: number, least = 1): number => (isQuick ? Math.max(least, Math.round(usual / 10)) : usual);
  return { product: findProduct(values.dist), ground, isQuick, isFull, pace: paceOf(), count };
}

async function main(): Promise<number> {
  if (values.help) {
    process.stdout.write(HELP);
    return 0;
  }
  if (values.list) {
    for (const { id, title } of chosen()) process.stdout.write(`${id} ${title}\n`);
    return 0;
  }
  const rows = chosen();
  const before = values.check ? readResults(values.against) : undefined;
  const bench = prepare();
  const head = headOf(bench);
  process.stdout.write(`${head}\n\n`);
  const results: Result[] = [];
  for (const row of rows) results.push(...(before === undefined ? await measure(row, bench) : await bestOf(row, bench, before)));
  process.stdout.write(`${format(results.map((one) => lineOf(titleOf(one), one)))}\n\n`);
  for (const { id, workload, note } of results) if (note !== undefined) process.stdout.write(`${id} ${workload}: ${note}\n`);
  if (values.json !== undefined) writeResults(values.json, { conditions: head.split('\n'), isQuick: bench.isQuick, results });
  if (values.svg !== undefined) writePlot(values.svg, results, titleOf);
  const hasFailed = results.some(({ figure }) => Number.isNaN(figure));
  return before === undefined ? Number(hasFailed) : compare(results, before, rows);
}

function titleOf(result: Result): string {
  return [...ROWS, ...PEER_ROWS].find((row) => isOf(result, row))?.title ?? '';
}

/** The best of several runs, of which most need only one. */
async function bestOf(row: Row, bench: Bench, before: Results): Promise<readonly Result[]> {
  let best = await measure(row, bench);
  for (let tries = 1; tries < TRIES && best.some((one) => worse(one, earlier(before, one)) !== undefined); tries += 1) {
    const again = await measure(row, bench);
    best = best.map((one) => again.find(({ workload, figure }) => workload === one.workload && figure < one.figure) ?? one);
  }
  return best;
}

function compare(results: readonly Result[], before: Results, rows: readonly Row[]): number {
  const complaints = complaintsOf(
    results,
    before,
    rows.filter((row) => row.lacks?.() === undefined),
  );
  const words = complaints.length === 0 ? 'Nothing is worse than before.' : `Worse than before:\n${complaints.map((line) => `  ${line}`).join('\n')}`;
  process.stdout.write(`\n${words}\n`);
  return complaints.length === 0 ? 0 : 1;
}

process.exitCode = await main();
