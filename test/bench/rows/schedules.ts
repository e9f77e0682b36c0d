import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { inTurn, median, mib, ms } from '../figures.ts';
import { actor } from '../processes.ts';
import { makeRoot, NOOP, runsOf } from '../product.ts';
import { type Bench, type Measure, type Row, ratio, value } from '../row.ts';

/** What many schedules cost an owner that keeps them all. */

interface Cost {
  readonly wallMs: number;
  readonly cpuMs: number;
}

/** What `actors/slots.mjs` saw. */
interface Seen {
  readonly start: Cost & { readonly grownKib: number };
  readonly look: Cost;
  readonly whole: Cost;
  readonly edit: Cost;
}

const schedules: Row = {
  id: 18,
  title: 'many cadences with schedules',
  async run(bench) {
    const [few, many] = [bench.count(1_000), bench.count(10_000)];
    const seen = await inTurn(bench.isQuick ? 1 : 3, { few: () => scheduled(bench, few), many: () => scheduled(bench, many) });
    const both = (pick: (one: Seen) => number): Pair => ({ few: median(seen.few.map(pick)), many: median(seen.many.map(pick)) });
    const look = both((one) => one.look.cpuMs);
    const start = both((one) => one.start.cpuMs);
    const grown = both((one) => one.start.grownKib);
    const edit = both((one) => one.edit.cpuMs);
    return [
      value(`one wake-up of the scheduler, ${many}: ms of CPU`, {
        ours: ms(look.many),
        limit: `${ms(look.few)} with ${few}`,
        value: look.many,
        atMost: bench.pace,
        note: `the flushes of ledger and tick are in it; ${ms(both((one) => one.look.wallMs).many)} on the wall`,
      }),
      growth('one wake-up of the scheduler', look),
      growth(
        'the same to the end of the run',
        both((one) => one.whole.cpuMs),
      ),
      ratio(`to read and take up ${many}, CPU for each, against ${few}`, {
        ours: `${ms(start.many / many)}, ${ms(start.many)} in all`,
        limit: `${ms(start.few / few)}, ${ms(start.few)} in all`,
        ratio: start.many / many / (start.few / few),
        atMost: 1.1,
        note: `memory +${mib(grown.many)} against +${mib(grown.few)}`,
      }),
      value(`the edit of one among ${many}: ms of CPU`, {
        ours: ms(edit.many),
        limit: `${ms(edit.few)} among ${few}`,
        value: edit.many,
        atMost: 50 * bench.pace,
        note: 'read, compared and planned; what the watcher of the folder takes is not in it',
      }),
    ];
  },
};

interface Pair {
  readonly few: number;
  readonly many: number;
}

/** Between a thousand and ten thousand log n is n to the power of 0.125; what walks all of them has the exponent 1. */
function growth(what: string, { few, many }: Pair): Measure {
  const exponent = Math.log10(many / few);
  return value(`${what}: CPU grows with which power of their number`, {
    ours: `${exponent.toFixed(2)}: ${ms(many)} against ${ms(few)}`,
    limit: '0.13 as log n',
    value: exponent,
    atMost: 0.25,
  });
}

/** No two come due in the same minute of the week, so one wake-up is one slot. */
const MINUTES_A_WEEK = 10_080;

function scheduled(bench: Bench, count: number): Seen {
  const root = makeRoot(bench.ground.folder('scheduled'));
  const run = root.handler('noop', NOOP);
  const everyMinutes = Math.floor(MINUTES_A_WEEK / count);
  for (let n = 0; n < count; n += 1) root.define(`cadence-${n}`, `${run}schedule: "${weekly(n * everyMinutes)}"\n`);
  const edited = join(root.paths.cadences, 'cadence-7.yaml');
  const texts = [`${run}schedule: daily 07:00\n`, `${run}schedule: daily 08:00\n`];
  const wakes = bench.count(100, 20);
  const done = spawnSync(process.execPath, [actor('slots.mjs'), bench.product.library, root.dir, String(wakes), edited, ...texts], { encoding: 'utf8' });
  if (done.status !== 0) throw new Error(`the scheduler of ${count} ended with ${done.status ?? done.signal}: ${done.stderr.slice(-2000)}`);
  const runs = runsOf(root);
  if (runs < wakes) throw new Error(`${runs} slots of at least ${wakes} were run`);
  return JSON.parse(done.stdout) as Seen;
}

function weekly(minute: number): string {
  return `${minute % 60} ${Math.floor(minute / 60) % 24} * * ${Math.floor(minute / 1440)}`;
}

export const SCHEDULE_ROWS: readonly Row[] = [schedules];
