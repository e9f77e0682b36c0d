import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { copyFileSync, existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { FETCHING } from '../certificates.ts';

/** Packages that are measured beside ours, in a folder of their own that is kept for the next run. */

const HERE = fileURLToPath(new URL('.', import.meta.url));
const FILES = ['package.json', 'package-lock.json'] as const;

/** The folder with their node_modules, or in words why there is none. */
export function installPeers(): { readonly dir: string } | { readonly because: string } {
  const mark = createHash('sha256')
    .update(FILES.map((file) => readFileSync(join(HERE, file), 'utf8')).join('\0'))
    .update(process.version)
    .digest('hex')
    .slice(0, 12);
  const dir = join(tmpdir(), `cadence-bench-peers-${mark}`);
  if (existsSync(join(dir, 'installed'))) return { dir };
  process.stderr.write(`the peers are installed in ${dir}; that takes a minute or two\n`);
  const draft = `${dir}.${process.pid}`;
  mkdirSync(draft, { recursive: true });
  for (const file of FILES) copyFileSync(join(HERE, file), join(draft, file));
  const done = spawnSync('npm', ['ci', '--no-audit', '--no-fund'], { cwd: draft, encoding: 'utf8', env: FETCHING });
  if (done.status !== 0) return { because: `npm ci of the peers ended with ${done.status}: ${done.stderr.trim().split('\n').at(-1)}` };
  writeFileSync(join(draft, 'installed'), '');
  if (!existsSync(dir)) renameSync(draft, dir);
  return { dir };
}

/** Where a program of the system's is, if it is. */
export function findProgram(name: string, folders: readonly string[] = []): string | undefined {
  const places = [...folders, ...(process.env.PATH ?? '').split(':')];
  return places.map((folder) => join(folder, name)).find((path) => existsSync(path));
}
