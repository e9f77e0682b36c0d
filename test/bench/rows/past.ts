import { spawnSync } from 'node:child_process';
import { digits, inTurn, median, ms } from '../figures.ts';
import { writePast } from '../past.ts';
import { time } from '../processes.ts';
import { makeRoot, type Root } from '../product.ts';
import { type Bench, type Measure, type Row, ratio, value } from '../row.ts';
import { verbs } from './commands.ts';
import { stampsOf } from './latency.ts';

/** What a long past costs those who come after it. */

/** Says when it began, and dies as by a power cut. */
const DIE = `import { appendFileSync } from 'node:fs';
export default async (tick, { root }) => {
  appendFileSync(root + '/stamps', process.hrtime.bigint() + '\\n');
  process.kill(process.pid, 'SIGKILL');
};
`;

const restart: Row = {
  id: 14,
  title: 'from the start of node to the first claim, after a kill',
  async run(bench) {
    const [past, backlog] = [bench.count(100_000), bench.count(10_000)];
    const fresh = dyingRoot(bench, 1_000);
    const old = dyingRoot(bench, backlog);
    await writePast(bench.product, old, past);
    const took = await inTurn(bench.count(11, 2), {
      node: () => time(process.execPath, ['-e', '0']).wallMs,
      fresh: () => firstClaimMs(bench, fresh),
      old: () => firstClaimMs(bench, old),
    });
    const [nodeMs, freshMs, oldMs] = [median(took.node), median(took.fresh), median(took.old)];
    return [
      value(`${past} runs, ${backlog} waiting: ms after node's own start`, {
        ours: ms(oldMs - nodeMs),
        limit: `${ms(nodeMs)} node -e 0, taken off`,
        value: oldMs - nodeMs,
        atMost: 100 * bench.pace,
        note: `with no past and few ticks: ${ms(freshMs - nodeMs)}`,
      }),
      ratio('what the past costs', {
        ours: ms(oldMs),
        limit: `${ms(freshMs)} without a past`,
        ratio: oldMs / freshMs,
        atMost: 1.5,
        note: `${digits(oldMs - freshMs)} ms for the logs and the listing`,
      }),
    ];
  },
};

function dyingRoot(bench: Bench, backlog: number): Root {
  const root = makeRoot(bench.ground.folder('restart'));
  root.define('die', `${root.handler('die', DIE)}retry: {attempts: 1000}\n`);
  root.drop('die', backlog);
  return root;
}

function firstClaimMs(bench: Bench, root: Root): number {
  const before = stampsOf(root).length;
  const at = process.hrtime.bigint();
  const done = spawnSync(process.execPath, [bench.product.bin, 'start', '--root', root.dir], { stdio: ['ignore', 'ignore', 'pipe'] });
  const first = stampsOf(root)[before];
  if (done.signal !== 'SIGKILL' || first === undefined) throw new Error(`the owner ended with ${done.status ?? done.signal}: ${done.stderr}`);
  return Number(first - at) / 1e6;
}

const questions: Row = {
  id: 16,
  title: 'questions to a long past, whole processes',
  async run(bench) {
    const measures: Measure[] = [];
    for (const { count, atMost } of [{ count: 100_000, atMost: 3 }, ...(bench.isFull ? [{ count: 1_000_000, atMost: 6 }] : [])]) {
      const root = makeRoot(bench.ground.folder('past'));
      root.define('cadence-7', "run: {command: ['true']}\nschedule: every 30m\n");
      const runs = bench.count(count);
      await writePast(bench.product, root, runs);
      const lines = {
        [`status, ${runs} runs`]: { words: ['status'], atMost },
        [`runs --limit 20, ${runs} runs`]: { words: ['runs', '--limit', '20'], atMost },
        [`why cadence-7, ${runs} runs`]: { words: ['why', 'cadence-7'], atMost },
        [`runs cadence-7 --limit 20, ${runs} runs`]: { words: ['runs', 'cadence-7', '--limit', '20'], atMost },
      };
      measures.push(...(await verbs(bench, root, bench.count(15, 2), lines)));
    }
    return measures;
  },
};

export const PAST_ROWS: readonly Row[] = [restart, questions];
