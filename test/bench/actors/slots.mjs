/**
 * An owner's parts on a real disk, in time that moves from one slot to the next: what it costs to take up the schedules of
 * a root, what the scheduler's look costs at which one slot comes due, what the whole wake-up costs to the end of the run,
 * and what the edit of one definition costs.
 */
import { writeFileSync } from 'node:fs';

const [library, root, wakes, edited, ...texts] = process.argv.slice(2);
const load = (module) => import(new URL(`./${module}.js`, library).href);
const [{ composeOwner }, { createVirtualClock }] = await Promise.all([load('app/compose'), load('platform/virtual-clock')]);

const startMs = Date.UTC(2026, 10, 20, 7, 0, 30);
const clock = createVirtualClock(startMs);
const passed = () => clock.nowMs() - startMs;
const uptime = { sinceBootMs: passed, awakeMs: passed, timezone: () => 'UTC' };
const ownership = { isHeld: () => true, serve: () => undefined, close: () => undefined };

function fail(error) {
  throw error;
}

/** Of each of them: time on the wall, and of the processor. */
async function each(times, act) {
  const cpu = process.cpuUsage();
  const at = performance.now();
  for (let n = 0; n < times; n += 1) await act(n);
  const { user, system } = process.cpuUsage(cpu);
  return { wallMs: (performance.now() - at) / times, cpuMs: (user + system) / 1000 / times };
}

let parts;
let nextMs;
const rssKib = () => Math.round(process.memoryUsage.rss() / 1024);
const beforeKib = rssKib();
const start = await each(1, async () => {
  parts = composeOwner({ root, ownership, serves: () => true, wake: () => undefined, onFault: fail, clock, uptime });
  await parts.recover();
  nextMs = await parts.scheduling.poll();
});
const grownKib = rssKib() - beforeKib;

async function fire() {
  clock.moveTo(nextMs);
  nextMs = await parts.scheduling.poll();
}

async function runAll() {
  await parts.consumer.poll();
  await parts.conclusion.idle();
  parts.probe.poll();
  parts.announcing.poll();
}

async function wake() {
  await fire();
  await runAll();
}

async function edit(n) {
  writeFileSync(edited, texts[n % texts.length]);
  parts.announceDefinitions(parts.definitions.reload(edited));
  nextMs = await parts.scheduling.poll();
  await runAll();
}

const times = Number(wakes);
// What is done first is compiled first.
await each(times / 2, wake);
const look = await each(times, fire);
await runAll();
const whole = await each(times, wake);
const edits = await each(10, edit);
process.stdout.write(JSON.stringify({ start: { ...start, grownKib }, look, whole, edit: edits }));
await parts.scheduling.end('measured');
parts.runLog.close();
parts.journal.close();
