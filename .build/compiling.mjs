import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';

const KEEP = join(import.meta.dirname, 'keep-compiled.cjs');

/** What people and owners do most. A function that none of these calls is compiled when it is called, as ever. */
const WORDS = [
  ['start', '--drain'],
  ['enqueue', 'hello'],
  ['enqueue', 'hello', '--dry-run'],
  ['start', '--drain'],
  ['status'],
  ['runs', '--limit', '20'],
  ['list'],
  ['why', 'hello'],
  ['next'],
  ['check'],
  ['audit'],
  ['doctor', '--json'],
  ['--help'],
];

/**
 * Runs the program on a folder of its own, and keeps what V8 compiles for the next who runs it with this very Node
 * (.build/entry.cjs tells why). A program that fails here still works without: it is a warning, not an end of the build.
 */
export function keepCompiled(bin) {
  const into = resolve(bin, 'compiled', `${process.version}-${process.platform}-${process.arch}`);
  mkdirSync(into, { recursive: true });
  const root = mkdtempSync(join(tmpdir(), 'cadence-bus-build-'));
  try {
    mkdirSync(join(root, 'cadences'));
    writeFileSync(join(root, 'cadences/hello.yaml'), 'run: {command: [echo, hello]}\nschedule: every 30m\n');
    writeFileSync(join(root, 'cadences/inline.mjs'), 'export default async () => undefined;\n');
    writeFileSync(join(root, 'cadences/inline.yaml'), 'run: {inline: cadences/inline.mjs}\noverlap: queue\n');
    mkdirSync(join(root, 'state/cadence-bus/inbox'), { recursive: true, mode: 0o700 });
    for (const name of ['hello', 'inline']) writeFileSync(join(root, `state/cadence-bus/inbox/${name}.json`), `{"cadence":"${name}","source":"sh"}\n`);
    const env = { PATH: process.env.PATH, HOME: root, CADENCE_ROOT: root, KEEP_COMPILED_IN: into };
    for (const words of WORDS) {
      const argv = ['--require', KEEP, join(bin, 'cadence-bus.js'), ...words];
      const { status, signal, stderr } = spawnSync(process.execPath, argv, { env, encoding: 'utf8', stdio: ['ignore', 'ignore', 'pipe'], timeout: 60_000 });
      // 1: something needs attention, 2: a dry run.
      if (status === null || status > 2) console.warn(`cadence-bus ${words.join(' ')} ended with ${status ?? signal}, and will start slower: ${stderr}`);
    }
    if (!existsSync(join(into, 'program.js.bin'))) console.warn('Nothing that was compiled could be kept: cadence-bus starts slower, and works.');
  } finally {
    rmSync(root, { recursive: true, force: true });
  }
}
