import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { inTurn, median, mib, ms } from '../figures.ts';
import { actor, lacksProc, pause, until, usageOf } from '../processes.ts';
import { drain, makeRoot, type Root, runsOf, startOwner } from '../product.ts';
import { bareCommands } from '../promises.ts';
import { type Bench, type Measure, type Row, ratio, value } from '../row.ts';

/** What a child costs its owner. */

const TRUE = existsSync('/bin/true') ? '/bin/true' : '/usr/bin/true';

const SHIM =
  'a child of ours has a shell beside it that keeps its exit code when the owner dies, which is a second process; a spooler in C, such as tsp, starts commands faster';

interface Each {
  readonly wallMs: number;
  readonly loopBusyMs: number;
}

const spawned: Row = {
  id: 12,
  title: 'a command that does nothing, one after the other',
  async run(bench) {
    const count = bench.count(400);
    const took = await inTurn(bench.isQuick ? 1 : 3, {
      empty: () => trueRuns(bench, 0),
      bare: () => bareSpawn(bench, count, [TRUE]),
      floor: () => bareCommands(bench.ground.folder('bound'), TRUE, count),
      shell: () => bareSpawn(bench, count, ['/bin/sh', '-c', `${TRUE}; exit $?`]),
      ours: () => trueRuns(bench, count),
    });
    const of = (all: readonly Each[], pick: (one: Each) => number): number => median(all.map(pick));
    const wall = ({ wallMs }: Each): number => wallMs;
    const busy = ({ loopBusyMs }: Each): number => loopBusyMs;
    const oursMs = (of(took.ours, wall) - of(took.empty, wall)) / count;
    const oursBusyMs = (of(took.ours, busy) - of(took.empty, busy)) / count;
    interface Pair {
      readonly ours: number;
      readonly least: number;
    }
    const end: Pair = { ours: oursMs, least: of(took.floor, wall) };
    const loop: Pair = { ours: oursBusyMs, least: of(took.floor, busy) };
    const against = (workload: string, { ours, least }: Pair, limit: number, name: string): Measure =>
      ratio(workload, { ours: ms(ours), limit: `${ms(limit)} ${name}`, ratio: ours / limit, atMost: 1.1, floor: least / limit, note: SHIM });
    return [
      against(`end to end, ${count} runs`, end, of(took.bare, wall), 'bare spawn'),
      against('the same against a shell that waits between', end, of(took.shell, wall), 'bare spawn of sh -c and its wait'),
      against('event loop busy for each', loop, of(took.bare, busy), 'bare spawn'),
      ratio('the same promises', { ours: ms(oursMs), limit: `${ms(end.least)} by bare calls`, ratio: oursMs / end.least, atMost: 1.5 }),
    ];
  },
};

function trueRuns(bench: Bench, count: number): Each {
  const root = makeRoot(bench.ground.folder('true'));
  root.define('true', `run: {command: [${TRUE}]}\noverlap: queue\n`);
  root.drop('true', count);
  const report = drain(bench.product, root);
  if (runsOf(root, 'true') !== count) throw new Error(`${runsOf(root, 'true')} of ${count} commands ran`);
  return report;
}

function bareSpawn(bench: Bench, count: number, words: readonly string[]): Each {
  const done = spawnSync(process.execPath, [actor('bare-spawn.mjs'), String(count), bench.ground.folder('bare'), ...words], { encoding: 'utf8' });
  if (done.status !== 0) throw new Error(`the bare spawner ended with ${done.status}: ${done.stderr}`);
  return JSON.parse(done.stdout) as Each;
}

const FLOOD_BYTES = 128 * 1024 * 1024;

const flood: Row = {
  id: 13,
  title: '128 MiB of stderr',
  lacks: lacksProc,
  async run(bench) {
    const root = makeRoot(bench.ground.folder('flood'));
    const bytes = bench.count(FLOOD_BYTES);
    root.define('true', `run: {command: [${TRUE}]}\noverlap: queue\n`);
    root.define('flood', `run: {shell: true, command: "head -c ${bytes} /dev/zero | tr '\\\\0' x >&2"}\noverlap: queue\n`);
    const owner = await startOwner(bench.product, root);
    try {
      await costOf(owner.pid, root, 'true');
      await costOf(owner.pid, root, 'flood');
      const seen = await inTurn(bench.isQuick ? 1 : 5, {
        limit: () => costOf(owner.pid, root, 'true'),
        ours: () => costOf(owner.pid, root, 'flood'),
      });
      const of = (all: readonly Cost[], pick: (one: Cost) => number): number => median(all.map(pick));
      const extraMs = of(seen.ours, ({ cpuMs }) => cpuMs) - of(seen.limit, ({ cpuMs }) => cpuMs);
      const grownKib = of(seen.ours, ({ grownKib: kib }) => kib);
      return [
        value("the owner's CPU beyond that of `true`, ms", {
          ours: ms(extraMs),
          limit: `${ms(of(seen.limit, ({ cpuMs }) => cpuMs))} for \`true\``,
          value: extraMs,
          atMost: 5,
          note: `${(bytes / 1_048_576).toFixed(0)} MiB each time`,
        }),
        value('resident memory, MiB more', { ours: `+${mib(grownKib)}`, limit: '0', value: grownKib / 1024, atMost: 1 }),
      ];
    } finally {
      await owner.stop();
    }
  },
};

interface Cost {
  readonly cpuMs: number;
  readonly grownKib: number;
}

/** What one run of it takes of a living owner, from its file to its record. */
async function costOf(pid: number, root: Root, cadence: string): Promise<Cost> {
  const runs = runsOf(root, cadence);
  const before = usageOf(pid);
  root.drop(cadence, 1);
  await until(`${cadence} has run`, () => runsOf(root, cadence) > runs);
  await pause(50);
  const after = usageOf(pid);
  return { cpuMs: after.cpuMs - before.cpuMs, grownKib: after.rssKib - before.rssKib };
}

export const SPAWN_ROWS: readonly Row[] = [spawned, flood];
