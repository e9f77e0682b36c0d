import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { median, ms, quantile } from '../figures.ts';
import { type Actor, actor, pause, startActor, startLauncher, time, until } from '../processes.ts';
import { makeRoot, type Root, startOwner } from '../product.ts';
import { type Measure, type Row, ratio } from '../row.ts';

/**
 * From the request to the first line of the handler, in an owner that slept. Both ends read CLOCK_MONOTONIC
 * (`process.hrtime`), which is one clock for all processes of a machine.
 */

/** Writes down when it began, before it does anything else. */
export const STAMP = `import { appendFileSync } from 'node:fs';
export default async (tick, { root }) => {
  const at = process.hrtime.bigint();
  appendFileSync(root + '/stamps', at + '\\n');
};
`;

export function stampsOf(root: Root): readonly bigint[] {
  const path = join(root.dir, 'stamps');
  return existsSync(path)
    ? readFileSync(path, 'utf8')
        .trim()
        .split('\n')
        .filter((line) => line !== '')
        .map(BigInt)
    : [];
}

const toMs = (from: bigint, to: bigint): number => Number(to - from) / 1e6;
/** Long enough that everybody sleeps again. */
const REST_MS = 25;

const fromCommand: Row = {
  id: 3,
  title: 'command start to handler start, idle owner',
  async run(bench) {
    const root = stampRoot(bench.ground.folder('command'));
    const bare = bench.ground.folder('watched');
    const owner = await startOwner(bench.product, root);
    const watcher = await startWatcher(bare);
    const launcher = startLauncher();
    const seen = { ours: [] as number[], limit: [] as number[], floor: [] as number[] };
    try {
      for (let n = 1; n <= bench.count(60, 3); n += 1) {
        seen.ours.push(await stamped(root, n, () => launcher.launch(bench.product.enqueue, ['stamp', '--root', root.dir])));
        const at = process.hrtime.bigint();
        launcher.launch('/bin/sh', ['-c', `set -C; echo 1 >"${bare}/file-${n}"`]);
        seen.limit.push(toMs(at, await watcher.stampOf(`file-${n}`)));
        await pause(REST_MS);
        if (n % 4 === 0) seen.floor.push(time(process.execPath, ['-e', '0']).wallMs);
      }
    } finally {
      await Promise.all([launcher.end(), owner.stop(), watcher.actor.end()]);
    }
    return commandMeasures(seen);
  },
};

function commandMeasures({ ours, limit, floor }: { ours: readonly number[]; limit: readonly number[]; floor: readonly number[] }): readonly Measure[] {
  const note = `p99 ${ms(quantile(ours, 0.99))} against ${ms(quantile(limit, 0.99))}`;
  const nodeMs = median(floor);
  return [
    // Twenty times faster than graphile's command, which takes 2.3 of node's own start-up.
    ratio('as a share of one node start', { ours: ms(median(ours)), limit: `${ms(nodeMs)} node -e 0`, ratio: median(ours) / nodeMs, atMost: 0.115, note }),
    ratio('against the least', { ours: ms(median(ours)), limit: `${ms(median(limit))} sh + fs.watch`, ratio: median(ours) / median(limit), atMost: 2.5, note }),
  ];
}

const fromLibrary: Row = {
  id: 4,
  title: 'enqueue() of the library to handler start, idle owner',
  async run(bench) {
    const root = stampRoot(bench.ground.folder('library'));
    const bare = bench.ground.folder('watched');
    mkdirSync(join(bare, 'inbox'));
    const owner = await startOwner(bench.product, root);
    const watcher = await startWatcher(join(bare, 'inbox'));
    const caller = await startActor([actor('enqueuer.mjs'), bench.product.library, root.dir, bare]);
    const lines = createInterface({ input: caller.child.stdout as NodeJS.ReadableStream })[Symbol.asyncIterator]();
    const seen = { ours: [] as number[], limit: [] as number[], call: [] as number[], bareCall: [] as number[] };
    const ask = async (how: string): Promise<{ n: string; from: bigint; to: bigint }> => {
      caller.child.stdin?.write(`${how} 1\n`);
      const [, n = '', from = '', to = ''] = String((await lines.next()).value).split(' ');
      return { n, from: BigInt(from), to: BigInt(to) };
    };
    try {
      for (let n = 1; n <= bench.count(100, 3); n += 1) {
        const ours = await ask('ours');
        await until('the handler began', () => stampsOf(root).length >= n);
        seen.ours.push(toMs(ours.from, stampsOf(root)[n - 1] as bigint));
        seen.call.push(toMs(ours.from, ours.to));
        await pause(REST_MS);
        const least = await ask('bare');
        seen.limit.push(toMs(least.from, await watcher.stampOf(`bare-${least.n}`)));
        seen.bareCall.push(toMs(least.from, least.to));
        await pause(REST_MS);
      }
    } finally {
      await Promise.all([owner.stop(), watcher.actor.end(), caller.end()]);
    }
    return libraryMeasures(seen);
  },
};

/** No target of the table; a slow processor makes more of what is ours beside the flush of a fast disk. */
const OWN_LIMIT = 2.5;

function libraryMeasures(seen: {
  ours: readonly number[];
  limit: readonly number[];
  call: readonly number[];
  bareCall: readonly number[];
}): readonly Measure[] {
  const { ours, limit, call, bareCall } = seen;
  return [
    ratio('durable enqueue() to handler', {
      ours: ms(median(ours)),
      limit: `${ms(median(limit))} bare flush + rename + fs.watch`,
      ratio: median(ours) / median(limit),
      atMost: 2,
      note: `p99 ${ms(quantile(ours, 0.99))} against ${ms(quantile(limit, 0.99))}`,
    }),
    ratio('the call itself', {
      ours: ms(median(call)),
      limit: `${ms(median(bareCall))} the bare steps`,
      ratio: median(call) / median(bareCall),
      atMost: OWN_LIMIT,
    }),
  ];
}

function stampRoot(dir: string): Root {
  const root = makeRoot(dir);
  root.define('stamp', root.handler('stamp', STAMP));
  return root;
}

/** Milliseconds from before the act to the n-th stamp. */
async function stamped(root: Root, n: number, act: () => unknown): Promise<number> {
  const at = process.hrtime.bigint();
  act();
  await until('the handler began', () => stampsOf(root).length >= n);
  const tookMs = toMs(at, stampsOf(root)[n - 1] as bigint);
  await pause(REST_MS);
  return tookMs;
}

async function startWatcher(dir: string): Promise<{ readonly actor: Actor; stampOf(name: string): Promise<bigint> }> {
  const watcher = await startActor([actor('watcher.mjs'), dir]);
  const stamps = new Map<string, bigint>();
  createInterface({ input: watcher.child.stdout as NodeJS.ReadableStream }).on('line', (line) => {
    const [name = '', at = ''] = line.split(' ');
    if (at !== '') stamps.set(name, BigInt(at));
  });
  return {
    actor: watcher,
    async stampOf(name) {
      await until(`the watcher saw ${name}`, () => stamps.has(name));
      return stamps.get(name) as bigint;
    },
  };
}

export const LATENCY_ROWS: readonly Row[] = [fromCommand, fromLibrary];
