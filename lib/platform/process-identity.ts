import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { attemptUnless, errnoOf, faultOf } from './fault.ts';

/**
 * A pid alone names nobody: it is given out again. With the time its process started, and the boot in which it did, it
 * names one process for ever. The text is opaque; compare it, and nothing else.
 */
export function identityOf(pid: number): string | undefined {
  if (!Number.isSafeInteger(pid) || pid <= 0) return undefined;
  return process.platform === 'linux' ? identityByProc(pid) : identityByPs(pid);
}

let boot: string | undefined;

/** Start times on Linux are counted from the boot, so those of two boots may be alike. */
function bootId(): string {
  boot ??= attemptUnless('read', '/proc/sys/kernel/random/boot_id', 'ENOENT', '', () => readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').slice(0, 8));
  return boot;
}

function identityByProc(pid: number): string | undefined {
  let stat: string;
  try {
    stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  } catch (thrown) {
    const errno = errnoOf(thrown);
    // ESRCH: it ended between opening and reading.
    if (errno === 'ENOENT' || errno === 'ESRCH') return undefined;
    throw faultOf(thrown, 'read', `/proc/${pid}/stat`);
  }
  return parseProcStat(stat, bootId());
}

/** The second field is the program's name in brackets and may hold anything, brackets and spaces too; all others follow the last bracket. */
export function parseProcStat(stat: string, bootOf: string): string | undefined {
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  const [state, startedTicks] = [fields[0], fields[19]];
  if (state === undefined || startedTicks === undefined || 'ZXx'.includes(state)) return undefined;
  return `${bootOf}-${startedTicks}`;
}

/** For systems without /proc. The environment is fixed, for the text depends on language and time zone. */
export function identityByPs(pid: number): string | undefined {
  const env = { PATH: '/bin:/usr/bin', LC_ALL: 'C', TZ: 'UTC' };
  const ps = spawnSync('ps', ['-o', 'stat=', '-o', 'lstart=', '-p', String(pid)], { env, encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] });
  if (ps.error !== undefined) throw faultOf(ps.error, 'run', 'ps');
  return parsePs(ps.stdout);
}

export function parsePs(line: string): string | undefined {
  const [state, ...started] = line.trim().split(/\s+/);
  if (state === undefined || state.startsWith('Z') || started.length < 5) return undefined;
  return started.join(' ');
}
