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

/** TZ, else the link that a system leaves for it, else what this process found at its start. */
function timezone(): string {
  const named = namedZone();
  return named !== undefined && isZone(named) ? named : new Intl.DateTimeFormat().resolvedOptions().timeZone;
}

/** As it stands there: whether there is such a zone is not looked at. */
export function namedZone(): string | undefined {
  const given = process.env.TZ?.replace(/^:/, '');
  return given === undefined || given === '' ? linkedZone() : given;
}

function linkedZone(): string | undefined {
  try {
    return /zoneinfo\/(.+)$/.exec(readlinkSync(LOCALTIME))?.[1];
  } catch (error) {
    // No such file, or a plain one: the system keeps its zone elsewhere.
    if (errnoOf(error) === 'ENOENT' || errnoOf(error) === 'EINVAL') return undefined;
    throw error;
  }
}
