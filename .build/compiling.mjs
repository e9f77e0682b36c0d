import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { pack } from './packing.cjs';
import { together } from './together.mjs';

const KEEP = join(import.meta.dirname, 'keep-compiled.cjs');

/** What people, programs and owners do most. A function that none of these calls is compiled when it is called, as ever; what is kept of a verb grows with each. */
const WORDS = [
  ['start', '--drain'],
  ['enqueue', 'hello'],
  ['enqueue', 'hello', '--dry-run'],
  ['start', '--drain'],
  ['status', '--json'],
  ['status'],
  ['runs', '--json'],
  ['runs', '--limit', '20'],
  ['list'],
  ['why', 'hello', '--json'],
  ['why', 'hello'],
  ['next'],
  ['check'],
  ['audit'],
  ['doctor', '--json'],
  ['doctor'],
  ['--help'],
  ['--version'],
];

/** An owner opens its log once it works: this is not to be in its way until then. */
const LATER = /^\.\/bus-log-file-/;

/** Goes on for months. */
const LASTING = new Set(['start']);

/** What is defined is known to the next who asks once its files have lain untouched for so long (config/definition-cache). */
const KNOWN_AFTER_MS = 3_100;

/**
 * Runs the program on a folder of its own, and keeps what V8 compiles for the next who runs it with this very Node
 * (.build/entry.cjs tells why). A program that fails here still works without: it is a warning, not an end of the build.
 */
export function keepCompiled(bin) {
  const into = resolve(bin, 'compiled', `${process.version}-${process.platform}-${process.arch}`);
  mkdirSync(into, { recursive: true });
  const root = mkdtempSync(join(tmpdir(), 'cadence-bus-build-'));
  const runAll = () => WORDS.map((words) => [words[0], run({ bin, into, root }, words)]);
  try {
    define(root);
    const definedMs = Date.now();
    runAll();
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, Math.max(0, definedMs + KNOWN_AFTER_MS - Date.now()));
    run({ bin, into, root }, ['check']);
    const loaded = new Map();
    for (const [verb, names] of runAll()) loaded.set(verb, [...new Set([...(loaded.get(verb) ?? []), ...names.filter((name) => !LATER.test(name))])]);
    for (const [verb, names] of loaded)
      writeFileSync(join(into, `${verb}.packed`), pack(together(names, (name) => readFileSync(join(bin, 'chunks', name), 'latin1'), !LASTING.has(verb))));
    runAll();
    if (!existsSync(join(into, 'program.js.bin'))) console.warn('Nothing that was compiled could be kept: cadence-bus starts slower, and works.');
  } finally {
    rmSync(root, { recursive: true, force: true });
  }
}

function define(root) {
  mkdirSync(join(root, 'cadences'));
  mkdirSync(join(root, 'state/cadence-bus/inbox'), { recursive: true, mode: 0o700 });
  writeFileSync(join(root, 'cadences/hello.yaml'), 'run: {command: [echo, hello]}\nschedule: every 30m\n');
  writeFileSync(join(root, 'cadences/inline.mjs'), DYING);
  writeFileSync(join(root, 'cadences/inline.yaml'), 'run: {inline: cadences/inline.mjs}\noverlap: queue\nretry: {attempts: 9}\n');
}

/** Dies where it is told to, once. */
const DYING = `import { existsSync, unlinkSync } from 'node:fs';
export default async (tick, { root }) => {
  if (!existsSync(root + '/die')) return;
  unlinkSync(root + '/die');
  process.kill(process.pid, 'SIGKILL');
};
`;

/** Answers with the names of the files that it loaded. Whoever waits for an owner to start waits after one that died. */
function run({ bin, into, root }, words) {
  const program = join(bin, 'cadence-bus.js');
  const env = { PATH: process.env.PATH, HOME: root, CADENCE_ROOT: root };
  if (words[0] === 'start') {
    for (const name of ['hello', 'inline']) writeFileSync(join(root, `state/cadence-bus/inbox/${name}.json`), `{"cadence":"${name}","source":"sh"}\n`);
    writeFileSync(join(root, 'die'), '');
    spawnSync(process.execPath, [program, 'start'], { env, stdio: 'ignore', timeout: 60_000 });
  }
  const names = join(root, 'names.json');
  rmSync(names, { force: true });
  const { status, signal, stderr } = spawnSync(process.execPath, ['--require', KEEP, program, ...words], {
    env: { ...env, KEEP_COMPILED_IN: into, KEEP_NAMES_IN: names },
    encoding: 'utf8',
    stdio: ['ignore', 'ignore', 'pipe'],
    timeout: 60_000,
  });
  // 1: something needs attention, 2: a dry run.
  if (status === null || status > 2) console.warn(`cadence-bus ${words.join(' ')} ended with ${status ?? signal}, and will start slower: ${stderr}`);
  return existsSync(names) ? JSON.parse(readFileSync(names, 'utf8')) : [];
}
