import { statSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { CadenceError } from '../core/error.ts';
import { pathsOf } from '../core/paths.ts';
import { errnoOf, faultOf } from './fault.ts';

/**
 * The agent root where nobody named one: CADENCE_ROOT, else AGENT_ROOT, else the nearest parent with a `cadences/`
 * folder; undefined where there is none. An empty variable counts as unset. What a variable names is not checked here.
 */
export function findRoot(cwd: string = process.cwd(), env: Readonly<Record<string, string | undefined>> = process.env): string | undefined {
  const named = env.CADENCE_ROOT || env.AGENT_ROOT;
  if (named !== undefined && named !== '') return resolve(cwd, named);
  for (let folder = resolve(cwd); ; folder = dirname(folder)) {
    if (isAgentRoot(folder)) return folder;
    if (folder === dirname(folder)) return undefined;
  }
}

/** `named` (a `--root`), else the found one; throws `not_found` unless it has a `cadences/` folder. */
export function requireRoot(named: string | undefined, cwd: string, env: Readonly<Record<string, string | undefined>>): string {
  if (named !== undefined && (typeof named !== 'string' || named.includes('\0')))
    throw new CadenceError('usage', 'the root is no path', 'Hand over the path of the agent root as text; of a file URL: fileURLToPath(url).');
  if (named === '') throw new CadenceError('usage', 'the root is empty', HINT);
  const root = named === undefined ? findRoot(cwd, env) : resolve(cwd, named);
  if (root === undefined) throw new CadenceError('not_found', `no folder at ${cwd} or above it has a cadences/ folder`, `${HINT}${ofNobody(env)}`);
  if (!isAgentRoot(root)) throw new CadenceError('not_found', `${root}${saidBy(named, env)} is no agent root, for it has no cadences/ folder`, HINT);
  return root;
}

const HINT = 'Name the agent root with --root or CADENCE_ROOT, or make one with cadence-bus init.';

/** Whoever laid `exec` around the lines of a crontab asks for them where they stand, and there is no root. */
function ofNobody({ HOME = '' }: Readonly<Record<string, string | undefined>>): string {
  const root = homeRootIn(HOME);
  return HOME.startsWith('/') && isAgentRoot(root) ? ` exec keeps what it runs of no agent root: --root ${root}` : '';
}

/** A root for commands that belong to no agent. */
export function homeRootIn(home: string): string {
  return `${home}/.cadence-bus`;
}

/** Nobody sees a variable that was set long ago. */
function saidBy(named: string | undefined, env: Readonly<Record<string, string | undefined>>): string {
  if (named !== undefined) return '';
  return env.CADENCE_ROOT ? ', which CADENCE_ROOT names,' : env.AGENT_ROOT ? ', which AGENT_ROOT names,' : '';
}
const NOTHING_THERE = new Set(['ENOENT', 'ENOTDIR']);

function isAgentRoot(root: string): boolean {
  const { cadences } = pathsOf(root);
  try {
    return statSync(cadences).isDirectory();
  } catch (thrown) {
    if (NOTHING_THERE.has(errnoOf(thrown) ?? '')) return false;
    throw faultOf(thrown, 'look at', cadences);
  }
}
