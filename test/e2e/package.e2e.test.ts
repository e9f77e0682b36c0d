import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { before, describe, it } from 'node:test';
import { promisify } from 'node:util';
import { publint } from 'publint';
import { formatMessage } from 'publint/utils';
import { keepCompiled } from '../../.build/compiling.mjs';
import type { Receipt, Tick } from '../../lib/index.ts';
import { type Packed, PROJECT, packed } from '../support/packed.ts';
import { tempRoot } from '../support/temp-root.ts';

const execute = promisify(execFile);

interface Manifest {
  readonly version: string;
  readonly bin: Readonly<Record<string, string>>;
  readonly scripts?: Readonly<Record<string, string>>;
}

function readManifest(folder: string): Manifest {
  return JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as Manifest;
}

/** Every file under these names, as paths from `base` on. */
function filesUnder(base: string, ...names: readonly string[]): string[] {
  return names.flatMap((name) => {
    if (!statSync(join(base, name)).isDirectory()) return [name];
    return filesUnder(base, ...readdirSync(join(base, name)).map((inner) => `${name}/${inner}`));
  });
}

/** What a source is compiled to; the shell producer is packed as it is. */
function compiled(source: string): string[] {
  return source.endsWith('.ts') ? ['.js', '.d.ts'].map((ending) => `dist/${source.replace(/\.ts$/, ending)}`) : [source];
}

/** Loaded before the program: tells what V8 thinks of what was compiled ahead. */
const HEARD = `
const vm = require('node:vm');
vm.Script = class extends vm.Script {
  constructor(source, options) {
    super(source, options);
    const said = options.cachedData === undefined ? 'absent' : this.cachedDataRejected ? 'refused' : 'taken';
    process.stderr.write('compiled: ' + said + '\\n');
  }
};
`;

/** A folder of its own inside the one with the package, since other tests work there too. */
function callersFolder(product: Packed): string {
  return mkdtempSync(join(product.folder, 'caller-'));
}

describe('the packed and installed program', () => {
  let product: Packed;
  /** Runs a script of somebody who has installed the package. */
  const node = async (script: string): Promise<string> => {
    const file = join(callersFolder(product), 'script.js');
    writeFileSync(file, script);
    return (await execute(process.execPath, [file], { cwd: dirname(file), env: product.env })).stdout;
  };
  const npx = async (...words: readonly string[]): Promise<string> => {
    const env = { ...product.env, npm_config_update_notifier: 'false' };
    return (await execute('npx', ['--no', '--', 'cadence-bus', ...words], { cwd: product.folder, env })).stdout;
  };

  before(() => {
    product = packed();
  });

  it('holds what is compiled from bin and lib, the shell producer, the cadences and the papers, and nothing else', () => {
    const papers = ['CHANGELOG.md', 'LICENSE', 'README.md', 'package.json', 'dist/THIRD-PARTY-LICENSES', 'dist/bin/package.json'];
    const expected = [...papers, 'dist/cadence-bus.1', ...filesUnder(PROJECT, 'bin', 'lib').flatMap(compiled), ...filesUnder(PROJECT, 'cadences')];
    const packedFiles = filesUnder(product.packageDir, ...readdirSync(product.packageDir));
    // The command line is bundled, so that it starts with a few files in place of hundreds.
    const chunks = packedFiles.filter((path) => /^dist\/bin\/chunks\/[\w-]+\.js$/.test(path));
    assert.ok(chunks.length > 10, `${chunks.length} chunks`);
    assert.deepEqual(packedFiles.filter((path) => !chunks.includes(path)).sort(), expected.sort());
    assert.ok(expected.includes('bin/enqueue') && expected.some((path) => path.startsWith('cadences/')), 'The project has no bin/enqueue or no cadence.');
  });

  it('brings the licence of every package whose code it holds', () => {
    const chunks = filesUnder(product.packageDir, 'dist/bin').filter((path) => path.endsWith('.js'));
    const code = chunks.map((path) => readFileSync(join(product.packageDir, path), 'utf8')).join('\n');
    const bundled = new Set([...code.matchAll(/^\/\/ .*node_modules\/((?:@[^/\n]+\/)?[^/\n]+)\//gm)].map(([, name]) => name as string));
    const licences = readFileSync(join(product.packageDir, 'dist/THIRD-PARTY-LICENSES'), 'utf8');
    assert.ok(bundled.has('zod') && bundled.has('pino'), [...bundled].join(' '));
    for (const name of bundled) assert.match(licences, new RegExp(`^${name} \\d+\\.\\d+\\.\\d+, `, 'm'));
    assert.doesNotMatch(licences, /without a text/);
  });

  it('has its two programs executable, each with the line that names its interpreter', () => {
    const { bin } = readManifest(product.packageDir);
    const programs = { 'bin/enqueue': '#!/bin/sh\n', [bin['cadence-bus'] ?? '']: '#!/usr/bin/env node\n' };
    for (const [path, firstLine] of Object.entries(programs)) {
      const file = join(product.packageDir, path);
      assert.equal(statSync(file).mode & 0o111, 0o111, `${path} is not executable`);
      assert.ok(readFileSync(file, 'utf8').startsWith(firstLine), `${path} does not begin with ${firstLine}`);
    }
  });

  it('takes what the build compiled ahead, and runs the same without, with half of it, or with what another V8 compiled', async () => {
    const folder = callersFolder(product);
    cpSync(join(product.packageDir, 'dist'), join(folder, 'dist'), { recursive: true });
    writeFileSync(join(folder, 'package.json'), '{ "type": "module" }\n');
    const bin = join(folder, 'dist/bin');
    const heard = join(folder, 'heard.cjs');
    writeFileSync(heard, HEARD);
    /** What V8 said of each compiled file that it was handed. */
    const drained = async (): Promise<readonly string[]> => {
      const root = tempRoot();
      mkdirSync(join(root, 'cadences'));
      writeFileSync(join(root, 'cadences/seen.mjs'), 'export default async () => "seen";\n');
      writeFileSync(join(root, 'cadences/seen.yaml'), 'run: {inline: cadences/seen.mjs}\n');
      const run = async (...words: string[]): Promise<{ stdout: string; stderr: string }> =>
        execute(process.execPath, ['--require', heard, join(bin, 'cadence-bus.js'), ...words, '--root', root], { env: product.env });
      await run('enqueue', 'seen');
      const { stdout, stderr } = await run('start', '--drain');
      assert.match(stdout, /1 succeeded/);
      return [...stderr.matchAll(/^compiled: (\w+)$/gm)].map(([, said]) => said as string);
    };
    assert.deepEqual(await drained(), []);
    keepCompiled(bin);
    const kept = filesUnder(bin, 'compiled');
    const said = await drained();
    assert.ok(said.length > 5 && kept.length >= said.length, `${said.length} of ${kept.length}`);
    assert.deepEqual([...new Set(said)], ['taken']);
    for (const path of kept) writeFileSync(join(bin, path), readFileSync(join(bin, path)).subarray(0, 5_000).fill(7, 4, 8));
    // In the place of a verb's file the chunks are loaded, and not of each there is a compiled form.
    const isRefused = (told: readonly string[]): boolean => told.includes('refused') && !told.includes('taken');
    assert.ok(isRefused(await drained()));
    for (const path of kept) truncateSync(join(bin, path), 100);
    assert.ok(isRefused(await drained()));
    for (const path of kept) rmSync(join(bin, path));
    assert.deepEqual([...new Set(await drained())], ['absent']);
  });

  it('loads for status no part of Node that takes long to load and is for others', async () => {
    const folder = callersFolder(product);
    const listing = join(folder, 'listing.cjs');
    writeFileSync(listing, "process.on('exit', () => process.stderr.write('loaded: ' + process.moduleLoadList.join('|')));\n");
    const empty = join(folder, 'empty.cjs');
    writeFileSync(empty, '');
    const root = tempRoot();
    mkdirSync(join(root, 'cadences'));
    const loadedBy = async (...words: string[]): Promise<readonly string[]> => {
      const { stderr } = await execute(process.execPath, ['--require', listing, ...words], { env: product.env });
      return stderr.slice(stderr.indexOf('loaded: ') + 'loaded: '.length).split('|');
    };
    const without = new Set(await loadedBy(empty));
    const more = (await loadedBy(product.bin, 'status', '--root', root)).filter((name) => !without.has(name));
    assert.ok(
      (await loadedBy(product.bin, 'status', '-v', '--root', root)).includes('NativeModule internal/util/parse_args/parse_args'),
      'a short flag is for Node',
    );
    const slow = [
      ...['crypto', 'dns/promises', 'internal/dns/promises', 'perf_hooks', 'http', 'https', 'worker_threads', 'v8', 'os', 'stream', 'string_decoder'],
      ...['internal/abort_controller', 'internal/fs/dir', 'internal/util/parse_args/parse_args'],
    ].map((name) => `NativeModule ${name}`);
    assert.deepEqual(
      more.filter((name) => slow.includes(name)),
      [],
    );
  });

  it('A64 runs nothing when it is installed', () => {
    const { scripts = {} } = readManifest(product.packageDir);
    assert.deepEqual(
      ['preinstall', 'install', 'postinstall'].filter((name) => name in scripts),
      [],
    );
  });

  it('tells its version', async () => {
    assert.ok((await npx('--version')).split(/\s/).includes(readManifest(PROJECT).version));
  });

  it('tells what it can do', async () => {
    const help = await npx('--help');
    for (const word of ['cadence-bus', 'start', 'enqueue', 'status', 'dlq']) assert.match(help, new RegExp(`\\b${word}\\b`));
  });

  it('M4 is a library too, whose enqueue writes a tick into the inbox of a root', async () => {
    const root = tempRoot();
    mkdirSync(join(root, 'cadences'));
    writeFileSync(join(root, 'cadences', 'morning.yaml'), "run: { command: ['true'] }\n");
    const call = `enqueue('morning', { root: ${JSON.stringify(root)}, source: 'a library' })`;
    const receipt = JSON.parse(await node(`import { enqueue } from 'cadence-bus';\nconsole.log(JSON.stringify(await ${call}));\n`)) as Receipt;
    const inbox = join(root, 'state', 'cadence-bus', 'inbox');
    assert.deepEqual(
      readdirSync(inbox).map((name) => join(inbox, name)),
      [receipt.path],
    );
    const { cadence, source } = JSON.parse(readFileSync(receipt.path, 'utf8')) as Tick;
    assert.deepEqual({ cadence, source }, { cadence: 'morning', source: 'a library' });
  });

  it('brings types with it that hold a caller to them', async () => {
    const lines = [`import { enqueue } from 'cadence-bus';`, 'export const answer: Promise<unknown> = enqueue("morning", { root: "." });'];
    const folder = callersFolder(product);
    writeFileSync(join(folder, 'caller.ts'), [...lines, '// @ts-expect-error: a number is no cadence', 'void enqueue(42);', ''].join('\n'));
    const options = [...'--noEmit --strict --target es2023 --module nodenext --types node --typeRoots'.split(' '), join(PROJECT, 'node_modules', '@types')];
    await execute(join(PROJECT, 'node_modules', '.bin', 'tsc'), [...options, 'caller.ts'], { cwd: folder, env: product.env }).catch(
      (error: { stdout: string }) => {
        assert.fail(error.stdout);
      },
    );
  });

  it('is packed as publint wants it', async () => {
    const { messages, pkg } = await publint({ pkgDir: product.packageDir, strict: true, pack: false });
    assert.deepEqual(
      messages.map((message) => formatMessage(message, pkg ?? {}, { color: false }) ?? message.code),
      [],
    );
  });
});
