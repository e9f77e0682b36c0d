import { existsSync, readdirSync } from 'node:fs';
import { digits, inTurn, median, mib, ms, quantile } from '../figures.ts';
import { actor, lacksProc, pause, startActor, type Usage, until, usageOf } from '../processes.ts';
import { makeRoot, type Root, startOwner } from '../product.ts';
import { type Bench, type Measure, type Row, ratio, value } from '../row.ts';
import { STAMP, stampsOf } from './latency.ts';

/** What an owner costs that has nothing to do. */

const idle: Row = {
  id: 9,
  title: 'an owner with nothing to do',
  lacks: lacksProc,
  async run(bench) {
    const root = makeRoot(bench.ground.folder('idle'));
    root.define('stamp', root.handler('stamp', STAMP));
    const owner = await startOwner(bench.product, root);
    const least = await startActor([actor('watcher.mjs'), root.paths.inbox]);
    try {
      // An owner that has done something once is the usual one: its modules are loaded.
      root.drop('stamp', 1);
      await until('the handler began', () => stampsOf(root).length === 1);
      await quiet(bench, owner.pid);
      const seconds = bench.isQuick ? 2 : 60;
      const [ours, limit] = await Promise.all([over(owner.pid, seconds), over(least.pid, seconds)]);
      return idleMeasures(ours, limit, seconds);
    } finally {
      await Promise.all([owner.stop(), least.end()]);
    }
  },
};

function idleMeasures(ours: Usage, limit: Usage, seconds: number): readonly Measure[] {
  const each = (count: number): number => count / seconds;
  return [
    value(`wakeups a second, over ${seconds} s`, {
      ours: `${digits(each(ours.wakeups))}/s`,
      limit: `${digits(each(limit.wakeups))}/s fs.watch alone`,
      value: each(ours.wakeups),
      atMost: 0,
    }),
    value('CPU, ms a second', { ours: digits(each(ours.cpuMs)), limit: digits(each(limit.cpuMs)), value: each(ours.cpuMs), atMost: 0 }),
    value('resident memory, MiB', { ours: mib(ours.rssKib), limit: `${mib(limit.rssKib)} node with fs.watch`, value: ours.rssKib / 1024, atMost: 64 }),
  ];
}

/** Some seconds after the last work V8 tidies its memory, once or twice: that belongs to the work, not to the rest. */
const TIDY_MS = 12_000;

/** Until nobody has woken it for so long; one who never sleeps is measured as he is. */
export async function quiet(bench: Bench, pid: number): Promise<void> {
  for (let tries = 0; tries < 5; tries += 1) {
    const before = usageOf(pid).wakeups;
    await pause(bench.isQuick ? 500 : TIDY_MS);
    if (usageOf(pid).wakeups === before) return;
  }
}

export async function over(pid: number, seconds: number): Promise<Usage> {
  const before = usageOf(pid);
  await pause(seconds * 1000);
  const after = usageOf(pid);
  return { wakeups: after.wakeups - before.wakeups, cpuMs: after.cpuMs - before.cpuMs, writes: after.writes - before.writes, rssKib: after.rssKib };
}

const FAILING = "export default async () => { throw new Error('the service is down'); };\n";

const held: Row = {
  id: 10,
  title: 'an open breaker with ticks behind it',
  lacks: lacksProc,
  async run(bench) {
    const root = makeRoot(bench.ground.folder('held'));
    root.define('stamp', root.handler('stamp', STAMP));
    root.define('down', `${root.handler('down', FAILING)}retry: {attempts: 9}\nbreaker: {failures: 1, open: 30m}\n`);
    const free = makeRoot(bench.ground.folder('free'));
    free.define('stamp', free.handler('stamp', STAMP));
    const [owner, freeOwner] = [await startOwner(bench.product, root), await startOwner(bench.product, free)];
    const inline = { without: () => inlineLatency(free), beside: () => inlineLatency(root) };
    try {
      await inTurn(bench.count(20, 1), inline); // what is loaded with the first ticks belongs to neither
      const count = bench.count(10_000);
      root.drop('down', count);
      await until('the breaker is open', () => existsSync(root.paths.circuit));
      await until('every tick is parked', () => readdirSync(root.paths.waiting).length === count, 600_000);
      await quiet(bench, owner.pid);
      const seconds = bench.isQuick ? 2 : 20;
      const ours = await over(owner.pid, seconds);
      const { without, beside } = await inTurn(bench.count(100, 3), inline);
      return heldMeasures(count, seconds, ours, without, beside);
    } finally {
      await Promise.all([owner.stop(), freeOwner.stop()]);
    }
  },
};

function heldMeasures(count: number, seconds: number, ours: Usage, without: readonly number[], beside: readonly number[]): readonly Measure[] {
  const what = `${count} held ticks, ${seconds} s`;
  return [
    value(`${what}: writes`, { ours: String(ours.writes), limit: '0', value: ours.writes, atMost: 0 }),
    value(`${what}: wakeups`, {
      ours: String(ours.wakeups),
      limit: '0',
      value: ours.wakeups,
      atMost: 0,
      note: `${digits(ours.cpuMs)} ms of CPU, ${mib(ours.rssKib)} resident`,
    }),
    ratio('an inline tick beside them, p50', {
      ours: ms(median(beside)),
      limit: `${ms(median(without))} without them`,
      ratio: median(beside) / median(without),
      atMost: 1.25,
    }),
    ratio('an inline tick beside them, p99', {
      ours: ms(quantile(beside, 0.99)),
      limit: `${ms(quantile(without, 0.99))} without them`,
      ratio: quantile(beside, 0.99) / quantile(without, 0.99),
      atMost: 1.5,
      note: 'of a hundred ticks the slowest: it moves with the machine',
    }),
  ];
}

/** From the file's making to the handler's first line. The owner without held ticks has rested as long, and is asked in turn with the other. */
async function inlineLatency(root: Root): Promise<number> {
  const seen = stampsOf(root).length;
  const at = process.hrtime.bigint();
  root.drop('stamp', 1);
  await until('the handler began', () => stampsOf(root).length > seen);
  await pause(15);
  return Number((stampsOf(root)[seen] as bigint) - at) / 1e6;
}

export const IDLE_ROWS: readonly Row[] = [idle, held];
