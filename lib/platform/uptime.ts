import { readlinkSync } from 'node:fs';
import { uptime } from 'node:os';
import { isZone } from '../core/time/zone.ts';
import type { Uptime } from '../ports.ts';
import { awakeMs } from './awake.ts';
import { errnoOf } from './fault.ts';

/**
 * Node's own timers and `performance.now` stand still while a machine sleeps; `os.uptime` goes on, and takes no notice of
 * a clock that is set. The two of them tell sleep from a jump of the clock.
 */
export function createUptime(): Uptime {
  return { sinceBootMs: () => uptime() * 1000, awakeMs, timezone };
}

const LOCALTIME = '/etc/localtime';

/** TZ, else the link that a system leaves for it, else what this process found at its start; always one that there is. */
function timezone(): string {
  const named = namedZone();
  if (named !== undefined && isZone(named)) return named;
  return clockZone();
}

/** What the clocks of this process go by. Of a TZ that it cannot read Intl says nothing at all, or a name of its own making, such as GMT+05:00. */
export function clockZone(): string {
  const found = new Intl.DateTimeFormat().resolvedOptions().timeZone as string | undefined;
  if (found !== undefined && isZone(found)) return found;
  const named = namedZone();
  return named !== undefined && isZone(named) ? named : fixedZone(new Date().getTimezoneOffset());
}

/** TZ where it is set and names no zone: such as CET-1CEST, which libc knows and Intl takes for UTC. */
export function lostZone(): { readonly given: string; readonly used: string } | undefined {
  const given = process.env.TZ;
  const named = namedZone();
  if (given === undefined || named === undefined || isZone(named)) return undefined;
  return { given, used: timezone() };
}

/** Minutes behind UTC. In these names the sign is that of POSIX. */
function fixedZone(minutesBehind: number): string {
  const hours = Math.round(minutesBehind / 60);
  return hours === 0 ? 'UTC' : `Etc/GMT${hours > 0 ? '+' : '-'}${Math.abs(hours)}`;
}

/** As it stands there: whether there is such a zone is not looked at. */
export function namedZone(): string | undefined {
  const given = process.env.TZ?.replace(/^:/, '');
  if (given === undefined || given === '' || given === LOCALTIME) return linkedZone();
  // As POSIX has it.
  if (given === 'UTC0') return 'UTC';
  return given.startsWith('/') ? (zoneIn(given) ?? given) : given;
}

function linkedZone(): string | undefined {
  try {
    return zoneIn(readlinkSync(LOCALTIME));
  } catch (error) {
    // No such file, or a plain one: the system keeps its zone elsewhere.
    if (errnoOf(error) === 'ENOENT' || errnoOf(error) === 'EINVAL') return undefined;
    throw error;
  }
}

function zoneIn(path: string): string | undefined {
  return /zoneinfo\/(.+)$/.exec(path)?.[1];
}
