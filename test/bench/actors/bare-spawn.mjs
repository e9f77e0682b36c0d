/** Starts a program again and again, its output going to files, and does nothing else. */
import { spawn } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';

const [count, dir, program, ...words] = process.argv.slice(2);
const startedMs = performance.now();
const before = performance.eventLoopUtilization();
for (let n = 0; n < Number(count); n += 1) {
  const [out, err] = [openSync(`${dir}/out-${n}`, 'a'), openSync(`${dir}/err-${n}`, 'a')];
  const child = spawn(program, words, { stdio: ['ignore', out, err], detached: true });
  closeSync(out);
  closeSync(err);
  await new Promise((resolve) => child.once('exit', resolve));
}
const loop = performance.eventLoopUtilization(before);
process.stdout.write(JSON.stringify({ wallMs: (performance.now() - startedMs) / Number(count), loopBusyMs: loop.active / Number(count) }));
