/** A program that uses the library: for each line on stdin one enqueue; says when it called and when it was answered. */
import { closeSync, fsync, openSync, renameSync, writeSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { promisify } from 'node:util';

const [library, root, bare] = process.argv.slice(2);
const { enqueue } = await import(library);
const flush = promisify(fsync);
process.stdout.write('ready\n');
let n = 0;
for await (const line of createInterface({ input: process.stdin })) {
  const [how] = line.split(' ');
  n += 1;
  const at = process.hrtime.bigint();
  if (how === 'ours') await enqueue('stamp', { root, payload: n });
  else await durably(`${bare}/draft-${n}`, `${bare}/inbox/bare-${n}`);
  process.stdout.write(`${how} ${n} ${at} ${process.hrtime.bigint()}\n`);
}

/** What the library promises, with nothing around it: written, flushed, in its place, the folder flushed, and its caller held up by no disk. */
async function durably(draft, path) {
  const file = openSync(draft, 'wx', 0o600);
  writeSync(file, '{"cadence":"stamp","source":"library"}\n');
  await flush(file);
  closeSync(file);
  renameSync(draft, path);
  const folder = openSync(`${bare}/inbox`, 'r');
  await flush(folder);
  closeSync(folder);
}
