import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { digits, median, mib } from '../figures.ts';
import { lacksProc, pause, type Usage, until, usageOf } from '../processes.ts';
import { makeRoot, type OwnerProcess, type Root, startOwner } from '../product.ts';
import { type Bench, type Measure, type Row, value } from '../row.ts';
import { over, quiet } from './idle.ts';

/** What children cost their owner that run for long and say nothing. */

/** They end by themselves, should nobody live to end them. */
const LIFE_S = 600;
/** Until what was needed to begin is tidied away, and it is known that they are quiet. */
const SETTLE_MS = 20_000;
/** V8 tidies its memory now and then, minutes after the last work too, and wakes all its threads for it: most windows are without. */
const WINDOWS = { count: 6, seconds: 10 };

const supervision: Row = {
  id: 20,
  title: 'long-running children that say nothing',
  lacks: lacksProc,
  async run(bench) {
    const count = bench.count(100);
    const root = makeRoot(bench.ground.folder('quiet'));
    root.define('bus', `lanes: {command: ${count}}\n`);
    for (let n = 0; n < count; n += 1) root.define(`quiet-${n}`, `run: {command: [sleep, '${LIFE_S}']}\ntimeout: 0\nidle_timeout: 0\n`);
    // The first one loads what running a command needs: that is the price of commands, not of a hundred of them.
    root.define('first', "run: {command: ['true']}\n");
    try {
      const own = await attended(bench, root, count);
      const adopted = await attended(bench, root, count);
      return [...measuresOf(`${count} of its own`, count, own), ...measuresOf(`${count} that it took over from a killed owner`, count, adopted)];
    } finally {
      await endAll(root);
    }
  },
};

interface Attended {
  /** What each second of a window took. */
  readonly wakeups: readonly number[];
  readonly cpuMs: readonly number[];
  readonly rssKib: number;
  /** What it had before there were any; undefined: it met them at its start. */
  readonly beforeKib: number | undefined;
}

/** Starts an owner, and ends it as a crash would: the children stay for the next one. */
async function attended(bench: Bench, root: Root, count: number): Promise<Attended> {
  const owner = await startOwner(bench.product, root);
  try {
    const isFirst = pidsOf(root).length === 0;
    const beforeKib = isFirst ? await warmKib(bench, owner, root) : undefined;
    if (isFirst) for (let n = 0; n < count; n += 1) root.drop(`quiet-${n}`, 1);
    await until('every child is at work', () => pidsOf(root).length === count);
    await pause(bench.isQuick ? 500 : SETTLE_MS);
    const { count: windows, seconds } = bench.isQuick ? { count: 1, seconds: 2 } : WINDOWS;
    const seen: Usage[] = [];
    for (let n = 0; n < windows; n += 1) seen.push(await over(owner.pid, seconds));
    const { rssKib } = usageOf(owner.pid);
    return { wakeups: seen.map((one) => one.wakeups / seconds), cpuMs: seen.map((one) => one.cpuMs / seconds), rssKib, beforeKib };
  } finally {
    await owner.stop('SIGKILL');
  }
}

async function warmKib(bench: Bench, owner: OwnerProcess, root: Root): Promise<number> {
  root.drop('first', 1);
  await until('the first command has ended', () => readdirSync(root.paths.running).length === 0 && readdirSync(root.paths.inbox).length === 0);
  await quiet(bench, owner.pid);
  return usageOf(owner.pid).rssKib;
}

function measuresOf(what: string, count: number, { wakeups, cpuMs, rssKib, beforeKib }: Attended): readonly Measure[] {
  const each = median(wakeups);
  const eachMib = beforeKib === undefined ? undefined : (rssKib - beforeKib) / 1024 / count;
  return [
    value(`${what}: wakeups a second in all`, {
      ours: `${digits(each)}/s`,
      limit: '0',
      value: each,
      atMost: 1,
      note: `at most ${digits(Math.max(...wakeups))}/s in one of ${wakeups.length} windows; ${digits(median(cpuMs))} ms of CPU a second, ${mib(rssKib)} resident`,
    }),
    ...(eachMib === undefined
      ? []
      : [value(`${what}: resident memory of the owner for each, MiB`, { ours: `+${digits(eachMib)} MiB`, limit: '0', value: eachMib, atMost: 0.2 })]),
  ];
}

/** Of the programs that have not ended, not of the shells beside them. */
function pidsOf(root: Root): readonly number[] {
  const runs = existsSync(root.paths.running) ? readdirSync(root.paths.running) : [];
  return runs
    .map((run) => join(root.paths.running, run))
    .filter((run) => existsSync(join(run, 'pid')) && !existsSync(join(run, 'exit')))
    .map((run) => Number(readFileSync(join(run, 'pid'), 'utf8')))
    .filter((pid) => pid > 0);
}

/** The shells write down how they ended, and only then is the folder free. */
async function endAll(root: Root): Promise<void> {
  for (const pid of pidsOf(root)) process.kill(pid);
  await until('every child has ended', () => pidsOf(root).length === 0);
}

export const SUPERVISION_ROWS: readonly Row[] = [supervision];
