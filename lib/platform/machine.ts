import { homedir, hostname } from 'node:os';
import { isUtc } from '../core/time/zone.ts';
import { clockZone, namedZone } from './uptime.ts';

/** What this process knows of itself and where it runs. */
export interface Machine {
  readonly pid: number;
  readonly host: string;
  readonly node: string;
  readonly home: string;
  /** The time zone, by its name: `Europe/Vienna`. */
  readonly zone: string;
  readonly env: Readonly<Record<string, string | undefined>>;
}

export function readMachine(): Machine {
  let zone: string | undefined;
  return {
    pid: process.pid,
    get host() {
      return hostname();
    },
    node: process.version,
    home: process.env.HOME ?? homedir(),
    get zone() {
      zone ??= ownZone();
      return zone;
    },
    env: process.env,
  };
}

/** Most who ask for the machine do not ask for it, and to look it up takes as long as a quarter of a command. */
function ownZone(): string {
  return isUtc(namedZone() ?? '') ? 'UTC' : clockZone();
}
