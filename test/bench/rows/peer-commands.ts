import { readdirSync, unlinkSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { inTurn, median, ms } from '../figures.ts';
import { findProgram } from '../peers/installed.ts';
import { actorWords, BULLMQ_EVERYSEC, flatRoot, GRAPHILE, type Peer, peersLack, present } from '../peers/peers.ts';
import { pause, startActor, startLauncher, time, until } from '../processes.ts';
import { makeRoot, runsOf, startOwner } from '../product.ts';
import { bareCommands } from '../promises.ts';
import { type Bench, type Measure, type Row, ratio } from '../row.ts';
import { STAMP, stampsOf } from './latency.ts';

/** What a shell or a timer pays that drops a job. */

const SPOOLERS = ['nq', 'tsp'] as const;
type Spooler = (typeof SPOOLERS)[number];

function spoolersHere(): readonly Spooler[] {
  return SPOOLERS.filter((name) => {
    const isThere = findProgram(name) !== undefined;
    if (!isThere) process.stderr.write(`absent: ${name}: it is not installed\n`);
    return isThere;
  });
}

/** A queue of its own in this folder. */
const spoolerEnv = (dir: string): Readonly<Record<string, string>> => ({ NQDIR: dir, TS_SOCKET: join(dir, 'socket'), TMPDIR: dir });

const loopOf = (count: number, command: string): readonly string[] => ['-c', `i=0; while [ $i -lt ${count} ]; do ${command} >/dev/null; i=$((i+1)); done`];

const enqueue: Row = {
  id: 1,
  title: 'one enqueue command',
  lacks: peersLack,
  async run(bench) {
    const count = bench.count(100, 10);
    const root = flatRoot(bench);
    const ours = (): number => {
      const { wallMs } = time('/bin/sh', loopOf(count, '"$ENQUEUE" flat'), { ENQUEUE: bench.product.enqueue, CADENCE_ROOT: root.dir });
      for (const file of readdirSync(root.paths.inbox)) unlinkSync(join(root.paths.inbox, file));
      return wallMs / count;
    };
    const spoolers = Object.fromEntries(
      spoolersHere().map((name) => [
        name,
        () => {
          const env = spoolerEnv(bench.ground.folder(name));
          const { wallMs } = time('/bin/sh', loopOf(count, `${name} true`), env);
          time(name, name === 'nq' ? ['-w'] : ['-K'], env);
          return wallMs / count;
        },
      ]),
    );
    const programs = Object.fromEntries(present([BULLMQ_EVERYSEC, GRAPHILE]).map((peer) => [`node + ${peer.name}`, () => commandMs(bench, peer)]));
    const seen: Readonly<Record<string, readonly number[]>> = await inTurn(bench.isQuick ? 1 : 5, { ...spoolers, ...programs, ours });
    const own = median(seen.ours ?? []);
    return Object.entries(seen)
      .filter(([name]) => name !== 'ours')
      .map(([name, took]) =>
        ratio(`bin/enqueue, against ${name}`, {
          ours: ms(own),
          limit: ms(median(took)),
          ratio: own / median(took),
          atMost: name.includes('BullMQ') ? 1 / 100 : 1,
        }),
      );
  },
};

function commandMs(bench: Bench, peer: Peer): number {
  const server = peer.start(bench.ground.folder(peer.actor));
  try {
    return median(Array.from({ length: 3 }, () => time(process.execPath, actorWords(peer.actor, server.place, 'command')).wallMs));
  } finally {
    server.close();
  }
}

const toHandler: Row = {
  id: 3,
  title: 'command start to handler start, idle worker',
  lacks: peersLack,
  async run(bench) {
    const count = bench.count(20, 3);
    const root = makeRoot(bench.ground.folder('stamped'));
    root.define('stamp', root.handler('stamp', STAMP));
    const owner = await startOwner(bench.product, root);
    const launcher = startLauncher();
    const own: number[] = [];
    try {
      for (let n = 0; n < count; n += 1) {
        const at = process.hrtime.bigint();
        launcher.launch(bench.product.enqueue, ['stamp', '--root', root.dir]);
        await until('the handler began', () => stampsOf(root).length > n);
        own.push(Number((stampsOf(root)[n] as bigint) - at) / 1e6);
        await pause(25);
      }
    } finally {
      await Promise.all([launcher.end(), owner.stop()]);
    }
    const measures: Measure[] = [];
    for (const peer of present([BULLMQ_EVERYSEC, GRAPHILE])) {
      const theirs = median(await served(bench, peer, count));
      measures.push(ratio(`against node + ${peer.name}`, { ours: ms(median(own)), limit: ms(theirs), ratio: median(own) / theirs, atMost: 1 / 20 }));
    }
    return measures;
  },
};

async function served(bench: Bench, peer: Peer, count: number): Promise<readonly number[]> {
  const server = peer.start(bench.ground.folder(peer.actor));
  const worker = await startActor(actorWords(peer.actor, server.place, 'serve'));
  const stamps: bigint[] = [];
  createInterface({ input: worker.child.stdout as NodeJS.ReadableStream }).on('line', (line) => {
    if (/^\d+$/.test(line)) stamps.push(BigInt(line));
  });
  const launcher = startLauncher();
  const took: number[] = [];
  try {
    for (let n = 0; n < count; n += 1) {
      const at = process.hrtime.bigint();
      launcher.launch(process.execPath, actorWords(peer.actor, server.place, 'command'));
      await until(`${peer.name} ran it`, () => stamps.length > n);
      took.push(Number((stamps[n] as bigint) - at) / 1e6);
      await pause(25);
    }
    return took;
  } finally {
    await Promise.all([launcher.end(), worker.end('SIGKILL')]);
    server.close();
  }
}

const commands: Row = {
  id: 12,
  title: 'commands that do nothing, submitted by a shell and run one after the other',
  async run(bench) {
    const count = bench.count(400, 20);
    const there = spoolersHere();
    const theirs = Object.fromEntries(there.map((name) => [name, () => spooledMs(bench, name, count)]));
    const seen: Readonly<Record<string, readonly number[]>> = await inTurn(bench.isQuick ? 1 : 3, {
      ...theirs,
      floor: () => bareCommands(bench.ground.folder('bound'), 'true', count).wallMs,
      ours: () => ourCommandsMs(bench, count),
    });
    const [own, least] = [median(seen.ours ?? []), median(seen.floor ?? [])];
    return there.map((name) =>
      ratio(`${count}, against ${name}`, {
        ours: ms(own),
        limit: ms(median(seen[name] ?? [])),
        ratio: own / median(seen[name] ?? []),
        atMost: name === 'nq' ? 1 / 1.5 : 3,
        floor: least / median(seen[name] ?? []),
        ...(name === 'tsp' ? { note: 'a spooler in C starts commands faster than any program on Node, and keeps no record that outlives it' } : {}),
      }),
    );
  },
};

function spooledMs(bench: Bench, name: Spooler, count: number): number {
  const env = spoolerEnv(bench.ground.folder(name));
  const last = name === 'nq' ? 'nq -w' : 'tsp -w';
  const { wallMs } = time('/bin/sh', ['-c', `${loopOf(count, `${name} true`)[1]}; ${last}`], env);
  if (name === 'tsp') time('tsp', ['-K'], env);
  return wallMs / count;
}

/** As the spoolers do it: commands run while the shell still submits, and all is over when the last has ended. An owner is up, as timers find it. */
async function ourCommandsMs(bench: Bench, count: number): Promise<number> {
  const root = makeRoot(bench.ground.folder('true'));
  root.define('true', 'run: {command: ["true"]}\noverlap: queue\n');
  const owner = await startOwner(bench.product, root);
  try {
    const startedMs = performance.now();
    time('/bin/sh', loopOf(count, '"$ENQUEUE" true'), { ENQUEUE: bench.product.enqueue, CADENCE_ROOT: root.dir });
    await until(`${count} commands have run`, () => runsOf(root, 'true') === count);
    return (performance.now() - startedMs) / count;
  } finally {
    await owner.stop();
  }
}

export const PEER_COMMAND_ROWS: readonly Row[] = [enqueue, toHandler, commands];
