import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { type Paths, pathsOf } from '../../lib/core/paths.ts';
import { type ExitReport, report, until } from './processes.ts';

/** The product as users run it: compiled JavaScript and the sh script, never TypeScript through a loader. */
export interface Product {
  /** `node` and these words are the command line. */
  readonly bin: string;
  readonly enqueue: string;
  readonly library: string;
  /** One of its compiled modules, by its name below lib. */
  load<T>(module: string): Promise<T>;
}

const PROJECT = dirname(dirname(dirname(fileURLToPath(import.meta.url))));

export function findProduct(dist = join(PROJECT, 'dist')): Product {
  const at = resolve(dist);
  const bin = join(at, 'bin/cadence-bus.js');
  if (!existsSync(bin)) throw new Error(`${bin} is not there: build first (npm run build)`);
  return {
    bin,
    enqueue: join(PROJECT, 'bin/enqueue'),
    library: pathToFileURL(join(at, 'lib/index.js')).href,
    load: (module) => import(pathToFileURL(join(at, 'lib', `${module}.js`)).href),
  };
}

/** An agent root made for one workload. */
export interface Root {
  readonly dir: string;
  readonly paths: Paths;
  /** A definition, as text. */
  define(cadence: string, yaml: string): void;
  /** An inline handler; answers with what `run` says of it. */
  handler(name: string, code: string): string;
  /** As `bin/enqueue` makes them, but in one process: an exclusive create and one write. */
  drop(cadence: string, count: number): void;
  /** As the library makes them of calls that come together: `each` lines a file. */
  dropBatches(cadence: string, count: number, each: number): void;
}

export function makeRoot(dir: string): Root {
  const paths = pathsOf(dir);
  mkdirSync(paths.cadences, { recursive: true });
  mkdirSync(paths.inbox, { recursive: true, mode: 0o700 });
  let dropped = 0;
  return {
    dir,
    paths,
    define: (cadence, yaml) => writeFileSync(join(paths.cadences, `${cadence}.yaml`), yaml),
    handler(name, code) {
      writeFileSync(join(paths.cadences, `${name}.mjs`), code);
      return `run: {inline: cadences/${name}.mjs}\noverlap: queue\n`;
    },
    drop(cadence, count) {
      for (let n = 0; n < count; n += 1) {
        dropped += 1;
        writeFileSync(join(paths.inbox, `${cadence}.${process.pid}-${dropped}.json`), `{"cadence":"${cadence}","source":"sh"}\n`, { flag: 'wx', mode: 0o600 });
      }
    },
    dropBatches(cadence, count, each) {
      for (let made = 0; made < count; made += each) {
        const lines = Array.from({ length: Math.min(each, count - made) }, (_, n) => `{"cadence":"${cadence}","source":"library","payload":${made + n}}\n`);
        dropped += 1;
        writeFileSync(join(paths.inbox, `${process.pid}-${dropped}.ndjson`), lines.join(''), { flag: 'wx', mode: 0o600 });
      }
    },
  };
}

export const NOOP = 'export default async () => undefined;\n';

/** Runs all that lies in the inbox, in an owner of its own, and ends. */
export function drain(product: Product, root: Root): ExitReport & { readonly said: string } {
  return report([product.bin, 'start', '--drain', '--json', '--root', root.dir]);
}

export interface OwnerProcess {
  readonly pid: number;
  stop(signal?: NodeJS.Signals): Promise<void>;
}

/** An owner as launchd or systemd would start it: nobody reads what it says. Resolves when it answers. */
export async function startOwner(product: Product, root: Root): Promise<OwnerProcess> {
  const child = spawn(process.execPath, [product.bin, 'start', '--root', root.dir], { stdio: 'ignore' });
  const exited = new Promise<void>((done) => child.once('exit', () => done()));
  const { probeOwner } = await product.load<typeof import('../../lib/platform/control.ts')>('platform/control');
  await until('the owner answers', async () => {
    if (child.exitCode !== null) throw new Error(`the owner ended with ${child.exitCode}`);
    return (await probeOwner(root.dir)).kind === 'answers';
  });
  return {
    pid: child.pid as number,
    async stop(signal = 'SIGTERM') {
      child.kill(signal);
      await exited;
    },
  };
}

/** How many runs of it, or of all, the log holds that ended well. */
export function runsOf(root: Root, cadence?: string): number {
  const of = cadence === undefined ? '' : `"cadence":"${cadence}"`;
  let runs = 0;
  for (const file of existsSync(root.paths.runs) ? readdirSync(root.paths.runs) : []) {
    if (!file.endsWith('.jsonl')) continue;
    for (const line of readFileSync(join(root.paths.runs, file), 'utf8').split('\n')) if (line.includes(of) && line.includes('"status":"succeeded"')) runs += 1;
  }
  return runs;
}
