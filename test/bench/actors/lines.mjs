/**
 * Reads a log in the way of the product: every line by its reader, through each of the patterns; and, as an incident reads
 * the end of a log, piece by piece through its reader of stack traces. Or, as the limits, splits it and does nothing else, or
 * tries the patterns and does nothing else.
 */
import { closeSync, fstatSync, openSync, readSync } from 'node:fs';

const [library, how, path, ...sources] = process.argv.slice(2);
/** For a larger one, and its text, memory is mapped anew each time: a split alone would take three times as long. */
const PIECE_BYTES = 64 * 1024;
const load = (module) => import(new URL(`./${module}.js`, library).href);
const [{ createFiles }, { createLineReader }, { readTraces }] = await Promise.all(
  ['platform/files', 'runners/line-follower', 'core/trace/stack-trace'].map(load),
);
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
  const log = files.open(path);
  const piece = Buffer.alloc(PIECE_BYTES);
  for (let at = 0, got = log.read(piece, at); got > 0; at += got, got = log.read(piece, at)) seen.traces += readTraces(piece.toString('utf8', 0, got)).length;
  log.close();
  return seen;
}

function split(searched) {
  let [lines, hits, rest] = [0, 0, ''];
  const fd = openSync(path, 'r');
  const piece = Buffer.alloc(PIECE_BYTES);
  for (let left = fstatSync(fd).size; left > 0; ) {
    const got = readSync(fd, piece);
    left -= got;
    const parts = (rest + piece.toString('utf8', 0, got)).split('\n');
    rest = parts.pop();
    lines += parts.length;
    if (searched.length === 0) continue;
    for (const line of parts) for (const pattern of searched) if (pattern.test(line)) hits += 1;
  }
  closeSync(fd);
  return searched.length === 0 ? { lines } : { lines, hits };
}

const act = { ours, split: () => split([]), patterns: () => split(patterns) }[how];
// What is done first is compiled first, and what is begun anew is compiled anew: an owner has read for days.
for (let n = 0; n < 3; n += 1) act();
const cpu = process.cpuUsage();
const at = performance.now();
const seen = act();
const { user, system } = process.cpuUsage(cpu);
process.stdout.write(JSON.stringify({ ...seen, wallMs: performance.now() - at, cpuMs: (user + system) / 1000 }));
