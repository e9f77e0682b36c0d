import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { digits, inTurn, median, ms, quantile } from '../figures.ts';
import {
  actorWords,
  BULLMQ_ALWAYS,
  BULLMQ_EVERYSEC,
  GRAPHILE,
  measureInside,
  measureOurs,
  measurePeer,
  type Peer,
  PG_BOSS,
  PLAINJOB,
  peersLack,
  present,
} from '../peers/peers.ts';
import { lacksProc, pause, startActor, until, usageOf } from '../processes.ts';
import { makeRoot, startOwner } from '../product.ts';
import { type Bench, type Measure, type Row, ratio, value } from '../row.ts';
import { quiet } from './idle.ts';
import { STAMP, stampsOf } from './latency.ts';

/** One job at a time: how soon it is taken, and what waiting for it costs. */

interface Rival {
  readonly peer: Peer;
  readonly atMost: number;
}

/** The peers have caller and worker in one process. Ours may be so, and are apart where a timer or a shell drops a file. */
const inProcess: Row = {
  id: 4,
  title: 'enqueue to handler start, idle worker',
  lacks: peersLack,
  async run(bench) {
    const count = bench.count(60, 5);
    const durable = await oursDurable(bench, count);
    const relaxed = await oursRelaxed(bench, count);
    const inside = (how: 'called' | 'dropped'): readonly number[] => measureInside(bench, how, count).took ?? [];
    const against = (what: string, own: readonly number[], { peer, atMost }: Rival): readonly Measure[] =>
      present([peer]).map(() => {
        const { took = [] } = measurePeer(bench, peer, 'latency', peer === PG_BOSS ? bench.count(10, 3) : count);
        const figures = { ours: ms(median(own)), limit: ms(median(took)), ratio: median(own) / median(took), atMost };
        return ratio(`${what}, against ${peer.name}`, { ...figures, note: `p99 ${ms(quantile(own, 0.99))} against ${ms(quantile(took, 0.99))}` });
      });
    return [
      ...against('a file dropped, in one process', inside('dropped'), { peer: BULLMQ_EVERYSEC, atMost: 0.7 }),
      ...against('a file dropped by another process', relaxed, { peer: BULLMQ_EVERYSEC, atMost: 1 }),
      ...against('durable, in one process', inside('called'), { peer: BULLMQ_ALWAYS, atMost: 0.8 }),
      ...against('durable', durable, { peer: BULLMQ_ALWAYS, atMost: 0.8 }),
      ...against('durable', durable, { peer: GRAPHILE, atMost: 1 }),
      ...against('durable', durable, { peer: PG_BOSS, atMost: 1 }),
      ...against('durable', durable, { peer: PLAINJOB, atMost: 1 }),
    ];
  },
};

async function withOwner<T>(bench: Bench, act: (root: ReturnType<typeof makeRoot>) => Promise<T>): Promise<T> {
  const root = makeRoot(bench.ground.folder('stamped'));
  root.define('stamp', root.handler('stamp', STAMP));
  const owner = await startOwner(bench.product, root);
  try {
    return await act(root);
  } finally {
    await owner.stop();
  }
}

const oursRelaxed = (bench: Bench, count: number): Promise<readonly number[]> =>
  withOwner(bench, (root) => latencies(root, count, async () => root.drop('stamp', 1)));

const oursDurable = async (bench: Bench, count: number): Promise<readonly number[]> => {
  const { enqueue } = (await import(bench.product.library)) as typeof import('../../../lib/index.ts');
  return withOwner(bench, (root) => latencies(root, count, () => enqueue('stamp', { root: root.dir })));
};

async function latencies(root: ReturnType<typeof makeRoot>, count: number, add: () => Promise<unknown>): Promise<readonly number[]> {
  const took: number[] = [];
  for (let n = 0; n < count + 5; n += 1) {
    await pause(25);
    const at = process.hrtime.bigint();
    await add();
    await until('the handler began', () => stampsOf(root).length > n);
    took.push(Number((stampsOf(root)[n] as bigint) - at) / 1e6);
  }
  return took.slice(5);
}

const single: Row = {
  id: 15,
  title: 'one durable enqueue at a time',
  lacks: peersLack,
  async run(bench) {
    const count = bench.count(200, 20);
    const rivals = [
      { peer: BULLMQ_ALWAYS, atMost: 1.15 },
      { peer: GRAPHILE, atMost: 1.15 },
    ];
    const there = present(rivals.map(({ peer }) => peer));
    const theirs = Object.fromEntries(there.map((peer) => [peer.name, () => measurePeer(bench, peer, 'single', count).took ?? []]));
    const seen: Readonly<Record<string, readonly (readonly number[])[]>> = await inTurn(bench.isQuick ? 1 : 3, {
      ...theirs,
      ours: () => measureOurs(bench, 'single', count).took ?? [],
    });
    const middle = (name: string): number => median((seen[name] ?? []).map((took) => median(took)));
    return rivals
      .filter(({ peer }) => there.includes(peer))
      .map(({ peer, atMost }) =>
        ratio(`the call, against ${peer.name}`, { ours: ms(middle('ours')), limit: ms(middle(peer.name)), ratio: middle('ours') / middle(peer.name), atMost }),
      );
  },
};

const idle: Row = {
  id: 9,
  title: 'a worker with nothing to do',
  lacks: () => lacksProc() ?? peersLack(),
  async run(bench) {
    const seconds = bench.isQuick ? 2 : 20;
    const ours = await withOwner(bench, async (root) => {
      root.drop('stamp', 1);
      await until('the handler began', () => stampsOf(root).length === 1);
      const { pid } = JSON.parse(readFileSync(root.paths.owner, 'utf8')) as { pid: number };
      await quiet(bench, pid);
      return over([pid], seconds);
    });
    const measures: Measure[] = [];
    for (const peer of present([BULLMQ_EVERYSEC, GRAPHILE, PG_BOSS, PLAINJOB])) measures.push(await idlePeer(bench, peer, ours, seconds));
    return measures;
  },
};

interface Rest {
  readonly wakeups: number;
  readonly cpuMs: number;
}

async function idlePeer(bench: Bench, peer: Peer, ours: Rest, seconds: number): Promise<Measure> {
  const server = peer.start(bench.ground.folder(peer.actor));
  const worker = await startActor(actorWords(peer.actor, server.place, 'serve'));
  try {
    await pause(bench.isQuick ? 500 : 5_000);
    const theirs = await over([worker.pid, ...(server.pid === 0 ? [] : familyOf(server.pid))], seconds);
    return value(`wakeups a second, beside ${peer.name} and its server`, {
      ours: `${digits(ours.wakeups)}/s, ${digits(ours.cpuMs)} ms of CPU a second`,
      limit: `${digits(theirs.wakeups)}/s, ${digits(theirs.cpuMs)} ms`,
      value: ours.wakeups,
      atMost: 0,
    });
  } finally {
    await worker.end('SIGKILL');
    server.close();
  }
}

/** A server of many processes is all of them. */
function familyOf(pid: number): readonly number[] {
  const path = `/proc/${pid}/task/${pid}/children`;
  const children = existsSync(path) ? readFileSync(path, 'utf8').trim().split(' ').filter(Boolean).map(Number) : [];
  return [pid, ...children.flatMap(familyOf)];
}

async function over(pids: readonly number[], seconds: number): Promise<Rest> {
  const sum = (): { wakeups: number; cpuMs: number } =>
    pids
      .filter((pid) => readdirSync('/proc').includes(String(pid)))
      .map(usageOf)
      .reduce((all, one) => ({ wakeups: all.wakeups + one.wakeups, cpuMs: all.cpuMs + one.cpuMs }), { wakeups: 0, cpuMs: 0 });
  const before = sum();
  await pause(seconds * 1000);
  const after = sum();
  return { wakeups: (after.wakeups - before.wakeups) / seconds, cpuMs: (after.cpuMs - before.cpuMs) / seconds };
}

export const PEER_LATENCY_ROWS: readonly Row[] = [inProcess, single, idle];
