import { join } from 'node:path';
import { digits, inTurn, median, mib, us } from '../figures.ts';
import type { ExitReport } from '../processes.ts';
import { drain, makeRoot, NOOP, type Root, runsOf } from '../product.ts';
import { act, type Bare, barePromises } from '../promises.ts';
import { type Bench, type Measure, type Row, ratio, value } from '../row.ts';

/** What one tick of a backlog costs. The owner is a process; what it takes with an empty inbox is taken off. */

function flatRoot(bench: Bench, count: number): { readonly root: Root; readonly makeMs: number } {
  const root = makeRoot(bench.ground.folder('flat'));
  root.define('flat', root.handler('noop', NOOP));
  const startedMs = performance.now();
  root.drop('flat', count);
  return { root, makeMs: performance.now() - startedMs };
}

function drained(bench: Bench, count: number): ExitReport & { readonly makeMs: number } {
  const { root, makeMs } = flatRoot(bench, count);
  const report = drain(bench.product, root);
  const runs = runsOf(root, 'flat');
  if (runs !== count) throw new Error(`${runs} of ${count} ticks ran`);
  return { ...report, makeMs };
}

function bare(bench: Bench, file: string, count: number, most = count): Bare {
  const { root } = flatRoot(bench, count);
  return act(file, [root.paths.inbox, join(root.paths.state, 'bare'), String(most)]);
}

type Backlog = (bench: Bench, count: number) => { readonly root: Root };

function batchRoot(bench: Bench, count: number): { readonly root: Root } {
  const { root } = flatRoot(bench, 0);
  root.dropBatches('flat', count, 1_000);
  return { root };
}

/** A fair limit: what each tick is promised costs calls and lines, whoever makes them. */
async function againstPromises(bench: Bench, what: string, kind: 'files' | 'lines', made: Backlog, count: number): Promise<Measure> {
  const ours = (size: number) => (): number => {
    const { root } = made(bench, size);
    const { cpuUs } = drain(bench.product, root);
    const runs = runsOf(root, 'flat');
    if (runs !== size) throw new Error(`${runs} of ${size} ticks ran`);
    return cpuUs;
  };
  const took = await inTurn(bench.isQuick ? 1 : 5, {
    empty: ours(0),
    limit: () => {
      const { root } = made(bench, count);
      return barePromises(kind, root).cpuUs;
    },
    ours: ours(count),
  });
  const [own, least] = [(median(took.ours) - median(took.empty)) / count, median(took.limit) / count];
  return ratio(`${count} ${what}, CPU`, { ours: us(own), limit: `${us(least)} the same promises by bare calls`, ratio: own / least, atMost: 2 });
}

const fileATick: Row = {
  id: 7,
  title: 'a file per tick: made by one fast process, drained by an owner',
  async run(bench) {
    const count = bench.count(10_000);
    const took = await inTurn(bench.isQuick ? 1 : 5, {
      empty: () => drained(bench, 0),
      limit: () => bare(bench, 'bare-drain.mjs', count),
      floor: () => barePromises('files', flatRoot(bench, count).root),
      ours: () => drained(bench, count),
    });
    const of = <T>(all: readonly T[], pick: (one: T) => number): number => median(all.map(pick));
    const wallUs = ((of(took.ours, (one) => one.wallMs) - of(took.empty, (one) => one.wallMs)) * 1000) / count;
    const cpuUs = (of(took.ours, (one) => one.cpuUs) - of(took.empty, (one) => one.cpuUs)) / count;
    const userUs = (of(took.ours, (one) => one.userUs) - of(took.empty, (one) => one.userUs)) / count;
    const makeUs = (of(took.ours, (one) => one.makeMs) * 1000) / count;
    const leastUs = of(took.limit, (one) => one.wallUs / one.count);
    const leastCpuUs = of(took.limit, (one) => one.cpuUs / one.count);
    const [floorUs, floorCpuUs] = [of(took.floor, (one) => one.wallUs / one.count), of(took.floor, (one) => one.cpuUs / one.count)];
    const perSecond = (each: number): string => `${Math.round(1e6 / each)}/s`;
    const limit = 'rename + read + unlink';
    return [
      ratio(`drain of ${count}, wall`, {
        ours: us(wallUs),
        limit: `${us(leastUs)} ${limit}`,
        ratio: wallUs / leastUs,
        atMost: 1.25,
        floor: floorUs / leastUs,
      }),
      ratio(`drain of ${count}, CPU`, {
        ours: us(cpuUs),
        limit: `${us(leastCpuUs)} ${limit}`,
        ratio: cpuUs / leastCpuUs,
        atMost: 1.25,
        floor: floorCpuUs / leastCpuUs,
        note: `${us(userUs)} of it outside the kernel`,
      }),
      ratio('made and drained', {
        ours: perSecond(makeUs + wallUs),
        limit: `${perSecond(makeUs + leastUs)} made + ${limit}`,
        ratio: (makeUs + wallUs) / (makeUs + leastUs),
        atMost: 1.25,
        floor: (makeUs + floorUs) / (makeUs + leastUs),
        note: `the maker alone: ${us(makeUs)}`,
      }),
      await againstPromises(bench, 'files', 'files', flatRoot, count),
      await againstPromises(bench, 'lines of batches', 'lines', batchRoot, 2 * count),
    ];
  },
};

const flatness: Row = {
  id: 8,
  title: 'CPU per tick as the backlog grows',
  async run(bench) {
    const empty = drained(bench, 0);
    const sizes = [1_000, 10_000, 100_000, ...(bench.isFull ? [1_000_000] : [])].map((size) => bench.count(size));
    const seen: { readonly size: number; readonly cpuUs: number; readonly rssKib: number }[] = [];
    for (const size of sizes) {
      const reports = Array.from({ length: bench.isQuick || size > 10_000 ? 1 : 3 }, () => drained(bench, size));
      seen.push({
        size,
        cpuUs: (median(reports.map(({ cpuUs }) => cpuUs)) - empty.cpuUs) / size,
        rssKib: median(reports.map(({ peakRssKib }) => peakRssKib)) - empty.peakRssKib,
      });
    }
    return [...growth(seen), ...(await againstModel(bench, seen))];
  },
};

type Seen = readonly { readonly size: number; readonly cpuUs: number; readonly rssKib: number }[];

function growth(seen: Seen): readonly Measure[] {
  const [first, second] = seen;
  if (first === undefined || second === undefined) return [];
  const note = seen.map(({ size, cpuUs, rssKib }) => `${size}: ${us(cpuUs)}, +${mib(rssKib)}`).join('; ');
  return seen.slice(1).map(({ size, cpuUs, rssKib }) =>
    size > second.size
      ? ratio(`${size} against ${second.size}`, {
          ours: us(cpuUs),
          limit: us(second.cpuUs),
          ratio: cpuUs / second.cpuUs,
          atMost: size > 100_000 ? 1.25 : 1.1,
          note: `peak memory +${mib(rssKib)}`,
        })
      : ratio(`${size} against ${first.size}`, { ours: us(cpuUs), limit: us(first.cpuUs), ratio: cpuUs / first.cpuUs, atMost: 1.1, note }),
  );
}

/** The model is too slow to be run to its end: the first claims of a full folder stand for all, which flatters it little. */
async function againstModel(bench: Bench, seen: Seen): Promise<readonly Measure[]> {
  const [, middle] = seen;
  const largest = seen.at(-1);
  if (middle === undefined || largest === undefined) return [];
  const cases = [
    { size: middle.size, most: 100, ours: middle.cpuUs, atMost: 1 / 100 },
    { size: bench.count(50_000), most: 20, ours: largest.cpuUs, atMost: 1 / 500 },
  ];
  const least = barePromises('files', flatRoot(bench, middle.size).root);
  const model = cases.map(({ size, most, ours, atMost }) => {
    const { cpuUs, count } = bare(bench, 'list-per-claim.mjs', size, most);
    const each = cpuUs / count;
    return ratio(`against list + sort + rewrite per claim, ${size} waiting`, {
      ours: us(ours),
      limit: `${us(each)} (first ${count} claims)`,
      ratio: ours / each,
      atMost,
      floor: least.cpuUs / least.count / each,
      note: `${digits(each / ours)} times less`,
    });
  });
  return [
    ...model,
    value(`peak memory of a backlog of ${largest.size}`, { ours: `+${mib(largest.rssKib)}`, limit: '0', value: largest.rssKib / 1024, atMost: 60 }),
  ];
}

export const DRAIN_ROWS: readonly Row[] = [fileATick, flatness];
