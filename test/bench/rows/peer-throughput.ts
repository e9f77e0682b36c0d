import { inTurn, median, us } from '../figures.ts';
import {
  BARE_SQLITE,
  BULLMQ_ALWAYS,
  BULLMQ_EVERYSEC,
  flatRoot,
  GRAPHILE,
  measureOurs,
  measurePeer,
  type Peer,
  PG_BOSS,
  PLAINJOB,
  peersLack,
  present,
} from '../peers/peers.ts';
import { drain, type Root, runsOf } from '../product.ts';
import { barePromises } from '../promises.ts';
import { type Bench, type Measure, type Row, ratio } from '../row.ts';

/** Many jobs: how long they take from the first word to the last end, ours and theirs. */

interface Each {
  readonly addUs: number;
  readonly drainUs: number;
}

/** At most so much of what the peer takes. */
interface Rival {
  readonly peer: Peer;
  readonly atMost: number;
}

interface Contest {
  readonly what: string;
  readonly count: number;
  readonly workload: 'bulk' | 'inflight';
  readonly rivals: readonly Rival[];
  readonly ours: () => Each;
  /** What we promise, by bare calls. */
  readonly floor: () => Each;
}

async function contest(bench: Bench, { what, count, workload, rivals, ours, floor }: Contest): Promise<readonly Measure[]> {
  const there = present(rivals.map(({ peer }) => peer));
  const theirs = Object.fromEntries(there.map((peer) => [peer.name, () => eachOf(measurePeer(bench, peer, workload, count), count)]));
  const seen: Readonly<Record<string, readonly Each[]>> = await inTurn(bench.isQuick ? 1 : 3, { ...theirs, floor, ours });
  const total = (all: readonly Each[] = []): number => median(all.map(({ addUs, drainUs }) => addUs + drainUs));
  const [own, least] = [seen.ours ?? [], total(seen.floor)];
  return rivals
    .filter(({ peer }) => there.includes(peer))
    .map(({ peer, atMost }) =>
      ratio(`${what}, against ${peer.name}`, {
        ours: `${us(total(own))}, ${perSecond(total(own))}`,
        limit: `${us(total(seen[peer.name]))}, ${perSecond(total(seen[peer.name]))}`,
        ratio: total(own) / total(seen[peer.name]),
        atMost,
        floor: least / total(seen[peer.name]),
        note: `to add ${us(median(own.map(({ addUs }) => addUs)))} against ${us(median((seen[peer.name] ?? []).map(({ addUs }) => addUs)))}`,
      }),
    );
}

const perSecond = (eachUs: number): string => `${Math.round(1e6 / eachUs)}/s`;

function eachOf({ addMs = Number.NaN, drainMs }: { readonly addMs?: number; readonly drainMs?: number | null }, count: number): Each {
  return { addUs: (addMs * 1000) / count, drainUs: ((drainMs ?? Number.NaN) * 1000) / count };
}

/** An owner that finds nothing and ends: what its start costs belongs to no job, as the workers of the peers are started already. */
function emptyMs(bench: Bench): number {
  return median(Array.from({ length: 3 }, () => drain(bench.product, flatRoot(bench)).wallMs));
}

function drainMs(bench: Bench, root: Root, count: number, baseMs: number): number {
  const { wallMs } = drain(bench.product, root);
  const runs = runsOf(root, 'flat');
  if (runs !== count) throw new Error(`${runs} of ${count} ticks ran`);
  return Math.max(0, wallMs - baseMs);
}

function bareMs(kind: 'files' | 'lines', root: Root): number {
  return barePromises(kind, root).wallUs / 1000;
}

function byLibrary(bench: Bench, workload: 'bulk' | 'inflight', count: number): Pick<Contest, 'ours' | 'floor'> {
  const baseMs = emptyMs(bench);
  const by = (drained: (root: Root) => number) => (): Each => {
    const { root, ...took } = measureOurs(bench, workload, count);
    return eachOf({ ...took, drainMs: drained(root) }, count);
  };
  return { ours: by((root) => drainMs(bench, root, count, baseMs)), floor: by((root) => bareMs('lines', root)) };
}

const bulk: Row = {
  id: 5,
  title: 'many durable enqueues in bulk, and their drain',
  lacks: peersLack,
  run(bench) {
    const count = bench.count(bench.isFull ? 100_000 : 20_000);
    const rivals = [
      { peer: BARE_SQLITE, atMost: 1 / 0.7 },
      { peer: BULLMQ_ALWAYS, atMost: 1 / 10 },
      { peer: BULLMQ_EVERYSEC, atMost: 1 },
      { peer: GRAPHILE, atMost: 1 / 5 },
      { peer: PG_BOSS, atMost: 1 },
      { peer: PLAINJOB, atMost: 1 / 8 },
    ];
    return contest(bench, { what: `${count} in groups of 1000`, count, workload: 'bulk', rivals, ...byLibrary(bench, 'bulk', count) });
  },
};

const inflight: Row = {
  id: 6,
  title: 'durable enqueues, a hundred in flight, and their drain',
  lacks: peersLack,
  run(bench) {
    const count = bench.count(5_000);
    const rivals = [
      { peer: BULLMQ_ALWAYS, atMost: 1 / 5 },
      { peer: GRAPHILE, atMost: 1 / 30 },
      { peer: PG_BOSS, atMost: 1 },
      { peer: PLAINJOB, atMost: 1.25 }, // no target of the table, and it flushes nothing
    ];
    return contest(bench, { what: String(count), count, workload: 'inflight', rivals, ...byLibrary(bench, 'inflight', count) });
  },
};

const fileATick: Row = {
  id: 7,
  title: 'a file per tick',
  lacks: peersLack,
  run(bench) {
    const count = bench.count(10_000);
    const baseMs = emptyMs(bench);
    const by = (drained: (root: Root) => number) => (): Each => {
      const root = flatRoot(bench);
      const startedMs = performance.now();
      root.drop('flat', count);
      const addMs = performance.now() - startedMs;
      return eachOf({ addMs, drainMs: drained(root) }, count);
    };
    const [ours, floor] = [by((root) => drainMs(bench, root, count, baseMs)), by((root) => bareMs('files', root))];
    const rivals = [
      { peer: BULLMQ_ALWAYS, atMost: 1 / 1.2 },
      { peer: BULLMQ_EVERYSEC, atMost: 1 },
    ];
    return contest(bench, { what: `${count} made and drained`, count, workload: 'inflight', rivals, ours, floor });
  },
};

export const PEER_THROUGHPUT_ROWS: readonly Row[] = [bulk, inflight, fileATick];
