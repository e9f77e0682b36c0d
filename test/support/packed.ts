import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The program as a user gets it: packed, and installed from the tarball into an empty folder under an empty home. */
export interface Packed {
  readonly tarball: string;
  /** The folder it is installed in; tests may run `npx` here. */
  readonly folder: string;
  readonly home: string;
  /** `node_modules/cadence-bus` */
  readonly packageDir: string;
  /** `node_modules/.bin/cadence-bus` */
  readonly bin: string;
  /** The whole environment for what is started from it: nothing of the developer's shell but PATH. */
  readonly env: Readonly<Record<string, string>>;
}

export const PROJECT = dirname(dirname(dirname(fileURLToPath(import.meta.url))));

/**
 * `run-tests.mjs e2e` makes the package once and names its folder in CADENCE_BUS_PACKED, so all test files share it. A
 * file run by itself makes its own and removes it when the process ends.
 */
let mine: Packed | undefined;
export function packed(): Packed {
  const shared = process.env.CADENCE_BUS_PACKED;
  if (shared !== undefined) return describePackage(shared);
  mine ??= makeOwn();
  return mine;
}

function makeOwn(): Packed {
  const base = mkdtempSync(join(tmpdir(), 'cadence-bus-packed-'));
  process.once('exit', () => rmSync(base, { recursive: true, force: true }));
  makePackage(base);
  return describePackage(base);
}

function describePackage(base: string): Packed {
  const folder = join(base, 'project');
  const home = join(base, 'home');
  const tarball = readdirSync(base).find((name) => name.endsWith('.tgz'));
  if (tarball === undefined) throw new Error(`No package lies in ${base}.`);
  return {
    tarball: join(base, tarball),
    folder,
    home,
    packageDir: join(folder, 'node_modules', 'cadence-bus'),
    bin: join(folder, 'node_modules', '.bin', 'cadence-bus'),
    env: { PATH: [dirname(process.execPath), process.env.PATH ?? '/usr/bin:/bin'].join(delimiter), HOME: home, TMPDIR: tmpdir() },
  };
}

/** `npm pack` runs `prepare`, so what is packed is built from the sources as they are now. */
function makePackage(base: string): void {
  for (const name of ['project', 'home']) mkdirSync(join(base, name), { recursive: true });
  npm(['pack', '--loglevel=error', '--pack-destination', base], PROJECT, process.env);
  const { tarball, folder, env } = describePackage(base);
  // Without a package.json of its own npm would install into the nearest parent folder that has one.
  writeFileSync(join(folder, 'package.json'), '{ "private": true, "type": "module" }\n');
  npm(['install', tarball, '--ignore-scripts', '--prefer-offline', '--no-audit', '--no-fund', '--loglevel=error'], folder, { ...env, ...npmSettings() });
}

/** npm lies in the home folder with its settings and its cache; these two are all that the install sees of the real one. */
export function npmSettings(): Record<string, string> {
  const value = (key: string): string => execFileSync('npm', ['config', 'get', key, '--silent'], { encoding: 'utf8', cwd: PROJECT }).trim();
  return { npm_config_cache: value('cache'), npm_config_userconfig: value('userconfig') };
}

function npm(args: readonly string[], cwd: string, env: NodeJS.ProcessEnv): void {
  execFileSync('npm', [...args], { cwd, env, stdio: ['ignore', 2, 2] });
}

if (process.argv[1] === fileURLToPath(import.meta.url)) makePackage(process.argv[2] ?? '.');
