import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { digits } from '../figures.ts';
import { pause, until } from '../processes.ts';
import { makeRoot, NOOP, type Root, runsOf, startOwner } from '../product.ts';
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
  const root = makeRoot(bench.ground.folder('seen'));
  root.define('flat', `${root.handler('noop', NOOP)}enabled: false\n`);
  const owner = await startOwner(bench.product, root);
  const what = `${count} ticks, held`;
  try {
    const startedMs = performance.now();
    root.drop('flat', count);
    const madeMs = performance.now();
    const endMs = await emptied([root.paths.inbox]);
    const seen = readdirSync(root.paths.waiting).length;
    return [
      value(`${what}: lost`, { ours: String(count - seen), limit: '0', value: count - seen, atMost: 0 }),
      ratio(`${what}: all seen`, {
        ours: `${digits((endMs - startedMs) / 1000)} s from the first`,
        limit: `${digits((madeMs - startedMs) / 1000)} s to make them`,
        ratio: (endMs - startedMs) / (madeMs - startedMs),
        atMost: 1.1,
        note: 'seen is read once, judged, and put where what is held waits',
      }),
    ];
  } finally {
    await owner.stop();
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
    const restS = (endMs - freeMs) / 1000;
    return [
      value(`${what}: lost`, { ours: String(count - seen), limit: '0', value: count - seen, atMost: 0 }),
      ratio(`${what}: all run`, {
        ours: `${digits(restS)} s after ${isBlocked ? 'it was free' : 'the maker'}`,
        limit: `${digits(makerS)} s to make them`,
        ratio: isBlocked ? restS / makerS : (makerS + restS) / makerS,
        atMost: isBlocked ? 2.5 : 3.5,
        note: 'seen and run, not only seen: what a run costs is workload 7',
      }),
    ];
  } finally {
    await owner.stop();
  }
}

/** How many ran, and when the last of them did. */
async function settled(root: Root): Promise<{ readonly seen: number; readonly endMs: number }> {
  const { inbox, waiting, claimed } = root.paths;
  const endMs = await emptied([inbox, waiting, claimed]);
  return { seen: runsOf(root, 'flat'), endMs };
}

/**
 * When nothing is left in these folders, however long that takes, so that a slow machine loses nothing. It is only looked
 * at now and then: whoever measures must not be the load.
 */
async function emptied(folders: readonly string[]): Promise<number> {
  let endMs = performance.now();
  await until(
    'nothing is left to be done',
    async () => {
      await pause(250);
      endMs = performance.now();
      return folders.every((dir) => readdirSync(dir).length === 0);
    },
    600_000,
  );
  return endMs;
}

export const BURST_ROWS: readonly Row[] = [burst];
