import { existsSync, mkdirSync, opendirSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { digits } from '../figures.ts';
import { actor, pause, startActor, until } from '../processes.ts';
import { makeRoot, NOOP, type Root, runsOf, startOwner } from '../product.ts';
import { barePromises } from '../promises.ts';
import { type Bench, type Measure, type Row, ratio, value } from '../row.ts';

/** Nothing is lost when more files come at once than any queue of the kernel's holds (16,384 events). */

/** Gives the event loop nothing for five seconds, and says when it begins. */
const BLOCK = `import { writeFileSync } from 'node:fs';
export default async (tick, { root }) => {
  const end = performance.now() + 5000;
  writeFileSync(root + '/blocked', '');
  while (performance.now() < end);
  writeFileSync(root + '/free', '');
};
`;

const burst: Row = {
  id: 11,
  title: 'a burst from another process',
  async run(bench) {
    const count = bench.count(50_000);
    return [...(await seenOf(bench, count)), ...(await burstOf(bench, count, false)), ...(await burstOf(bench, count, true))];
  },
};

/** Of a cadence that is switched off, what was seen is parked: it leaves the inbox, and that is all that happens to it. */
async function seenOf(bench: Bench, count: number): Promise<readonly Measure[]> {
  const what = `${count} ticks, held`;
  const least = await takenIn(bench, count, async ({ paths }) => {
    mkdirSync(paths.waiting, { mode: 0o700 });
    const bare = await startActor([actor('bare-adopt.mjs'), paths.inbox, paths.waiting]);
    return () => bare.end('SIGKILL');
  });
  const ours = await takenIn(bench, count, async (root) => {
    const owner = await startOwner(bench.product, root);
    return () => owner.stop();
  });
  return [
    value(`${what}: lost`, { ours: String(count - ours.seen), limit: '0', value: count - ours.seen, atMost: 0 }),
    ratio(`${what}: all seen`, {
      ours: `${digits(ours.tookS)} s from the first`,
      limit: `${digits(ours.makerS)} s to make them`,
      ratio: ours.tookS / ours.makerS,
      atMost: 1.1,
      floor: least.tookS / least.makerS,
      note: 'seen is read once, judged, and put where what is held waits; the floor reads and renames, and that is all',
    }),
  ];
}

interface TakenIn {
  readonly seen: number;
  readonly makerS: number;
  readonly tookS: number;
}

/** How long they take to be made, and until the last is where what is held waits. */
async function takenIn(bench: Bench, count: number, start: (root: Root) => Promise<() => Promise<unknown>>): Promise<TakenIn> {
  const root = makeRoot(bench.ground.folder('seen'));
  root.define('flat', `${root.handler('noop', NOOP)}enabled: false\n`);
  const stop = await start(root);
  try {
    const startedMs = performance.now();
    root.drop('flat', count);
    const makerS = (performance.now() - startedMs) / 1000;
    const tookS = ((await emptied([root.paths.inbox])) - startedMs) / 1000;
    return { seen: readdirSync(root.paths.waiting).length, makerS, tookS };
  } finally {
    await stop();
  }
}

async function burstOf(bench: Bench, count: number, isBlocked: boolean): Promise<readonly Measure[]> {
  const root = makeRoot(bench.ground.folder('burst'));
  root.define('flat', root.handler('noop', NOOP));
  root.define('block', root.handler('block', BLOCK));
  const owner = await startOwner(bench.product, root);
  const what = `${count} ticks, ${isBlocked ? 'its loop blocked for 5 s' : 'its loop free'}`;
  try {
    if (isBlocked) {
      root.drop('block', 1);
      await until('it is blocked', () => existsSync(join(root.dir, 'blocked')));
    }
    const startedMs = performance.now();
    root.drop('flat', count);
    const makerS = (performance.now() - startedMs) / 1000;
    if (isBlocked) await until('it is free', () => existsSync(join(root.dir, 'free')));
    const freeMs = performance.now();
    const { seen, endMs } = await settled(root);
    const tookS = (endMs - (isBlocked ? freeMs : startedMs)) / 1000;
    const leastS = leastOf(bench, count);
    return [
      value(`${what}: lost`, { ours: String(count - seen), limit: '0', value: count - seen, atMost: 0 }),
      ratio(`${what}: all run`, {
        ours: `${digits(tookS)} s ${isBlocked ? 'after it was free' : `from the first, of which the maker took ${digits(makerS)} s`}`,
        limit: `${digits(leastS)} s the same promises by bare calls, all there before`,
        ratio: tookS / leastS,
        atMost: 2,
        note: 'seen and run, not only seen: what a run costs is workload 7',
      }),
    ];
  } finally {
    await owner.stop();
  }
}

function leastOf(bench: Bench, count: number): number {
  const root = makeRoot(bench.ground.folder('bare'));
  root.drop('flat', count);
  return barePromises('files', root).wallUs / 1e6;
}

/** How many ran, and when the last of them did. */
async function settled(root: Root): Promise<{ readonly seen: number; readonly endMs: number }> {
  const { inbox, waiting, claimed } = root.paths;
  const endMs = await emptied([inbox, waiting, claimed]);
  return { seen: runsOf(root, 'flat'), endMs };
}

/**
 * When nothing is left in these folders, however long that takes, so that a slow machine loses nothing. Only the first name
 * of each is read, and that now and then: whoever measures must not be the load.
 */
async function emptied(folders: readonly string[]): Promise<number> {
  let endMs = performance.now();
  await until(
    'nothing is left to be done',
    async () => {
      await pause(50);
      endMs = performance.now();
      return folders.every(isEmpty);
    },
    600_000,
  );
  return endMs;
}

function isEmpty(dir: string): boolean {
  const folder = opendirSync(dir, { bufferSize: 1 });
  try {
    return folder.readSync() === null;
  } finally {
    folder.closeSync();
  }
}

export const BURST_ROWS: readonly Row[] = [burst];
