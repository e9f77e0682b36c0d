/**
 * One workload of one peer, in a process of its own: `peer.mjs <peer> <installed in> <place> <workload> <count>`. Says
 * what it took as one line of JSON. `serve` says when it is ready, and goes on until it is ended.
 */
import { createRequire } from 'node:module';
import { join } from 'node:path';

const [name, installed, place, workload, countText] = process.argv.slice(2);
const count = Number(countText);
const { open } = await import(`./${name}.mjs`);
const peer = await open(createRequire(join(installed, 'package.json')), place);
const say = (answer) => process.stdout.write(`${JSON.stringify(answer)}\n`);
const GROUP = 1000;
const IN_FLIGHT = 100;

/** Resolves with the milliseconds from now to the end of the last of so many jobs; null: its worker is another process. */
async function drain(jobs, atOnce) {
  if (peer.work === undefined) return null;
  const startedMs = performance.now();
  let left = jobs;
  let isDone = () => undefined;
  const done = new Promise((resolve) => {
    isDone = resolve;
  });
  await peer.work(() => {
    left -= 1;
    if (left === 0) isDone();
  }, atOnce);
  await done;
  return performance.now() - startedMs;
}

async function timed(act) {
  const startedMs = performance.now();
  await act();
  return performance.now() - startedMs;
}

const WORKLOADS = {
  async bulk() {
    const addMs = await timed(async () => {
      for (let left = count; left > 0; left -= GROUP) await peer.addMany(Math.min(GROUP, left));
    });
    say({ addMs, drainMs: await drain(count, 100) });
  },
  async inflight() {
    const addMs = await timed(async () => {
      for (let left = count; left > 0; left -= IN_FLIGHT) await Promise.all(Array.from({ length: Math.min(IN_FLIGHT, left) }, () => peer.addOne()));
    });
    say({ addMs, drainMs: await drain(count, 100) });
  },
  async single() {
    const took = [];
    for (let n = 0; n < count; n += 1) took.push(await timed(() => peer.addOne()));
    say({ took });
  },
  async latency() {
    let arrived = () => undefined;
    await peer.work(() => arrived(), 1);
    const took = [];
    for (let n = 0; n < count + 5; n += 1) {
      await new Promise((resume) => setTimeout(resume, 25));
      const startedMs = performance.now();
      const arrival = new Promise((resolve) => {
        arrived = () => resolve(performance.now() - startedMs);
      });
      await peer.addOne();
      took.push(await arrival);
    }
    // The first few load code.
    say({ took: took.slice(5) });
  },
  /** A worker that waits, and says when each job reached it. */
  async serve() {
    await peer.work(() => process.stdout.write(`${process.hrtime.bigint()}\n`), 1);
    process.stdout.write('ready\n');
    await new Promise(() => setInterval(() => undefined, 2 ** 31 - 1));
  },
  /** All that a command does which drops one job: open, add, close. */
  async command() {
    await peer.addOne();
  },
};

await WORKLOADS[workload]();
await peer.close();
process.exit(0);
