import { chmodSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { buildSync } from 'esbuild';

const PROJECT = fileURLToPath(new URL('../..', import.meta.url));
const made = new Map<string, string>();
let folder: string | undefined;

/**
 * A program of the tests as plain JavaScript, made once in each file of tests that starts it: a node that reads TypeScript takes ten times as long
 * to begin, and some programs are started by the dozen. It lies where packages are found.
 */
export function plain(path: string): string {
  const known = made.get(path);
  if (known !== undefined) return known;
  folder ??= makeFolder();
  const outfile = join(folder, `${basename(path, '.ts')}.mjs`);
  buildSync({ entryPoints: [path], outfile, bundle: true, packages: 'external', platform: 'node', format: 'esm', target: 'node20', logLevel: 'error' });
  made.set(path, outfile);
  return outfile;
}

function makeFolder(): string {
  const cache = join(PROJECT, 'node_modules/.cache');
  mkdirSync(cache, { recursive: true });
  const own = mkdtempSync(join(cache, 'programs-'));
  chmodSync(own, 0o755); // some are started as another user
  process.once('exit', () => rmSync(own, { recursive: true, force: true }));
  return own;
}
