/**
 * What an owner promises of each tick, by the calls that it takes and nothing around them: no gate, no checks, no holds. A
 * record stands in the page cache before the next run begins, and on disk before its tick is gone; two events are kept; what
 * runs is on disk as running. `files`: a file a tick. `lines`: batches, with what has begun beside them. `commands`: a file a
 * tick, for each of which a child runs in a session of its own, its words in files, its exit code kept by a shell beside it.
 */
import { spawn } from 'node:child_process';
import { closeSync, fdatasync, mkdirSync, openSync, readdirSync, readFileSync, renameSync, rmSync, unlinkSync, writeFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { setImmediate as breathe } from 'node:timers/promises';
import { promisify } from 'node:util';

const [kind, inbox, folder, ...command] = process.argv.slice(2);
const SLICE_MS = 8;
const SETTLED_AT_ONCE = 64;
const ID = 'a'.repeat(12);
const flush = promisify(fdatasync);
const nothing = async () => undefined;

mkdirSync(folder, { recursive: true });
const [runs, journal] = [openSync(join(folder, 'runs.jsonl'), 'a'), openSync(join(folder, 'journal.jsonl'), 'a')];
let [events, ended, count, bytes] = [[], [], 0, 0];

async function endSlice() {
  writeSync(journal, events.join(''));
  const covered = ended;
  [events, ended] = [[], []];
  await flush(runs);
  for (const settle of covered) settle();
  await breathe();
  sliceEndMs = Date.now() + SLICE_MS;
}

/** Flat literals: V8 takes ten times as long over `{ ...about, more }` where what is added is new. */
async function run({ cadence, source }, settle, handler = nothing) {
  const [tick, run_id] = [ID, `${ID}-1`];
  const started_at = new Date().toISOString();
  events.push(`${JSON.stringify({ ts: started_at, level: 'info', stage: 'claimed', cadence, tick, run_id, attempt: 1 })}\n`);
  await handler();
  const ended_at = new Date().toISOString();
  const record = `${JSON.stringify({ run_id, cadence, tick, attempt: 1, status: 'succeeded', reason: '', summary: '', started_at, ended_at, duration_ms: 0, exit_code: null, signal: null, cost_usd: null, stdout_path: null, stderr_path: null, source, prev: `2026-11-27:${bytes}` })}\n`;
  bytes += record.length;
  writeSync(runs, record);
  events.push(
    `${JSON.stringify({ ts: ended_at, level: 'info', stage: 'run_finished', cadence, tick, run_id, status: 'succeeded', attempt: 1, duration_ms: 0 })}\n`,
  );
  ended.push(settle);
  count += 1;
  if (Date.now() >= sliceEndMs) await due();
}

/** A flush goes on while a child runs; what only computes has nothing to do meanwhile that would not be flushed twice. */
let underWay;
function due() {
  if (kind !== 'commands') return endSlice();
  underWay ??= endSlice().finally(() => {
    underWay = undefined;
  });
}

async function aFile(name) {
  const claimed = join(folder, name);
  const tick = JSON.parse(readFileSync(join(inbox, name), 'utf8'));
  renameSync(join(inbox, name), claimed);
  await run(tick, () => unlinkSync(claimed));
}

const SHIM = 'echo $$ >"$1/pid"; dir=$1; shift; "$@"; echo $? >"$dir/exit"';

async function aCommand(name) {
  const claimed = join(folder, name);
  const tick = JSON.parse(readFileSync(join(inbox, name), 'utf8'));
  renameSync(join(inbox, name), claimed);
  const running = `${claimed}.running`;
  mkdirSync(running);
  writeFileSync(join(running, 'run.json'), JSON.stringify(tick));
  const logs = [`${claimed}.stdout.log`, `${claimed}.stderr.log`];
  const child = async () => {
    const files = logs.map((log) => openSync(log, 'a'));
    const shim = spawn('/bin/sh', ['-c', SHIM, 'sh', running, ...command], { stdio: ['ignore', ...files], detached: true });
    for (const file of files) closeSync(file);
    await new Promise((exited) => shim.once('exit', exited));
    if (readFileSync(join(running, 'exit'), 'utf8') !== '0\n') throw new Error(`${command[0]} failed`);
  };
  const settle = () => {
    for (const path of [...logs, claimed]) unlinkSync(path);
    rmSync(running, { recursive: true });
  };
  await run(tick, settle, child);
}

async function aBatch(name) {
  const claimed = join(folder, name);
  renameSync(join(inbox, name), claimed);
  const progress = openSync(`${claimed}.done`, 'a');
  let settled = [];
  for (const [line, text] of readFileSync(claimed, 'utf8').trimEnd().split('\n').entries()) {
    writeSync(progress, `${JSON.stringify({ begun: line, id: ID })}\n`);
    await run(JSON.parse(text), () => {
      settled.push(line);
      if (settled.length < SETTLED_AT_ONCE) return;
      writeSync(progress, `${JSON.stringify({ done: settled })}\n`);
      settled = [];
    });
  }
  ended.push(() => {
    closeSync(progress);
    unlinkSync(claimed);
  });
}

const startedMs = performance.now();
const before = process.resourceUsage();
let sliceEndMs = Date.now() + SLICE_MS;
const { eventLoopUtilization } = performance;
const idle = eventLoopUtilization();
const one = { files: aFile, lines: aBatch, commands: aCommand }[kind];
for (const name of readdirSync(inbox).sort()) await one(name);
await underWay;
await endSlice();
const after = process.resourceUsage();
const cpuUs = after.userCPUTime - before.userCPUTime + after.systemCPUTime - before.systemCPUTime;
const loopBusyMs = eventLoopUtilization(idle).active;
process.stdout.write(JSON.stringify({ count, wallUs: (performance.now() - startedMs) * 1000, cpuUs, loopBusyMs }));
