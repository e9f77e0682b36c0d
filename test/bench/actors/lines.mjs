/**
 * Reads a log in the way of the product: every line by its reader, through each of the patterns; and, as an incident reads
 * the end of a log, piece by piece through its reader of stack traces. Or, as the limit, does nothing but split it.
 */
import { closeSync, fstatSync, openSync, readSync } from 'node:fs';

const [library, how, path, ...sources] = process.argv.slice(2);
const PIECE_BYTES = 256 * 1024;
const load = (module) => import(new URL(`./${module}.js`, library).href);
const [{ createFiles }, { createLineReader }, { readTraces }] = await Promise.all(['platform/files', 'runners/line-follower', 'core/stack-trace'].map(load));
const files = createFiles();
const patterns = sources.map((source) => new RegExp(source));

function ours() {
  const seen = { lines: 0, hits: 0, traces: 0 };
  const reader = createLineReader(files, path);
  const hear = ({ text }) => {
    seen.lines += 1;
    for (const pattern of patterns) if (pattern.test(text)) seen.hits += 1;
  };
  while (reader.read(hear));
  const { sizeBytes } = files.info(path);
  for (let at = 0; at < sizeBytes; at += PIECE_BYTES) seen.traces += readTraces(files.readRange(path, at, PIECE_BYTES).toString('utf8')).length;
  return seen;
}

function split() {
  let [lines, rest] = [0, ''];
  const fd = openSync(path, 'r');
  const piece = Buffer.alloc(PIECE_BYTES);
  for (let left = fstatSync(fd).size; left > 0; ) {
    const got = readSync(fd, piece);
    left -= got;
    const parts = (rest + piece.toString('utf8', 0, got)).split('\n');
    rest = parts.pop();
    lines += parts.length;
  }
  closeSync(fd);
  return { lines };
}

const act = how === 'split' ? split : ours;
// What is done first is compiled first.
act();
const cpu = process.cpuUsage();
const at = performance.now();
const seen = act();
const { user, system } = process.cpuUsage(cpu);
process.stdout.write(JSON.stringify({ ...seen, wallMs: performance.now() - at, cpuMs: (user + system) / 1000 }));
