import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { makeRoot, NOOP, type Root } from '../product.ts';
import type { Bench } from '../row.ts';
import { installPeers } from './installed.ts';
import { postgresLacks, redisLacks, type Server, startPostgres, startRedis } from './servers.ts';

/** What is measured beside ours: an actor of its own (`actors/<actor>.mjs`), and what it stands on. */
export interface Peer {
  readonly name: string;
  readonly actor: string;
  /** Why it cannot be measured here; undefined: it can. */
  readonly lacks: () => string | undefined;
  /** Its storage, empty. */
  readonly start: (dir: string) => Server;
}

const inFolder = (dir: string): Server => ({ place: dir, pid: 0, close: () => undefined });
const always = (): undefined => undefined;

export const BULLMQ_ALWAYS: Peer = { name: 'BullMQ, appendfsync always', actor: 'bullmq', lacks: redisLacks, start: (dir) => startRedis(dir, 'always') };
export const BULLMQ_EVERYSEC: Peer = { name: 'BullMQ, appendfsync everysec', actor: 'bullmq', lacks: redisLacks, start: (dir) => startRedis(dir, 'everysec') };
export const GRAPHILE: Peer = { name: 'graphile-worker', actor: 'graphile-worker', lacks: postgresLacks, start: startPostgres };
export const PG_BOSS: Peer = { name: 'pg-boss', actor: 'pg-boss', lacks: postgresLacks, start: startPostgres };
export const PLAINJOB: Peer = { name: 'plainjob, not power-safe', actor: 'plainjob', lacks: always, start: inFolder };
/** No peer: the limit of this machine for a durable queue. */
export const BARE_SQLITE: Peer = { name: 'bare SQLite, flushed, groups of 500', actor: 'sqlite', lacks: always, start: inFolder };

let installed: ReturnType<typeof installPeers> | undefined;

/** Why nothing of npm can be measured here. */
export function peersLack(): string | undefined {
  installed ??= installPeers();
  return 'because' in installed ? installed.because : undefined;
}

function installedIn(): string {
  installed ??= installPeers();
  if ('because' in installed) throw new Error(installed.because);
  return installed.dir;
}

/** Those that are there; who is not is named, never guessed. */
export function present(peers: readonly Peer[]): readonly Peer[] {
  return peers.filter(({ name, lacks }) => {
    const because = lacks();
    if (because !== undefined) process.stderr.write(`absent: ${name}: ${because}\n`);
    return because === undefined;
  });
}

export type Workload = 'bulk' | 'inflight' | 'single' | 'latency' | 'command' | 'serve';

export interface Took {
  readonly addMs?: number;
  readonly drainMs?: number | null;
  readonly took?: readonly number[];
}

const ACTOR = fileURLToPath(new URL('actors/peer.mjs', import.meta.url));

/** The words after `node` that run it. */
export function actorWords(actor: string, place: string, workload: Workload, count = 1): readonly string[] {
  return [ACTOR, actor, installedIn(), place, workload, String(count)];
}

function act(actor: string, place: string, workload: Workload, count: number): Took {
  const done = spawnSync(process.execPath, actorWords(actor, place, workload, count), { encoding: 'utf8', timeout: 600_000 });
  if (done.status !== 0) throw new Error(`${actor} ${workload} ended with ${done.status ?? done.signal}: ${done.stderr.slice(-2000)}`);
  return JSON.parse(done.stdout) as Took;
}

/** One workload on an empty storage. */
export function measurePeer(bench: Bench, peer: Peer, workload: Workload, count: number): Took {
  const server = peer.start(bench.ground.folder(peer.actor));
  try {
    return act(peer.actor, server.place, workload, count);
  } finally {
    server.close();
  }
}

/** The adding half of a workload by our library; the root is what an owner drains then. */
export function measureOurs(bench: Bench, workload: Workload, count: number): Took & { readonly root: Root } {
  const root = flatRoot(bench);
  return { ...act('cadence-bus', `${bench.product.library}\n${root.dir}`, workload, count), root };
}

/** Its owner in one process with the caller, as that of a peer is. */
export function measureInside(bench: Bench, how: 'called' | 'dropped', count: number): Took {
  const root = makeRoot(bench.ground.folder('inside'));
  root.define('job', root.handler('job', 'export default async () => globalThis.onJob();\n'));
  return act('cadence-bus', `${bench.product.library}\n${root.dir}\n${how}`, 'latency', count);
}

export function flatRoot(bench: Bench): Root {
  const root = makeRoot(bench.ground.folder('flat'));
  root.define('flat', root.handler('noop', NOOP));
  return root;
}
