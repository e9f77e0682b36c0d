/** A program that uses the library: for each line on stdin one enqueue; says when it called and when it was answered. */
import { closeSync, fsyncSync, linkSync, openSync, unlinkSync, writeSync } from 'node:fs';
import { createInterface } from 'node:readline';

const [library, root, bare] = process.argv.slice(2);
const { enqueue } = await import(library);
process.stdout.write('ready\n');
let n = 0;
for await (const line of createInterface({ input: process.stdin })) {
  const [how] = line.split(' ');
  n += 1;
  const at = process.hrtime.bigint();
  if (how === 'ours') await enqueue('stamp', { root, payload: n });
  else durableLink(`${bare}/draft-${n}`, `${bare}/inbox/bare-${n}`);
  process.stdout.write(`${how} ${n} ${at} ${process.hrtime.bigint()}\n`);
}

/** What the library promises, with nothing around it: written, flushed, linked, the folder flushed. */
function durableLink(draft, path) {
  const file = openSync(draft, 'wx', 0o600);
  writeSync(file, '{"cadence":"stamp","source":"library"}\n');
  fsyncSync(file);
  closeSync(file);
  linkSync(draft, path);
  unlinkSync(draft);
  const folder = openSync(`${bare}/inbox`, 'r');
  fsyncSync(folder);
  closeSync(folder);
}
