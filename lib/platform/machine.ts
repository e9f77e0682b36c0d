import { homedir, hostname } from 'node:os';

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
  const { timeZone: zone } = Intl.DateTimeFormat().resolvedOptions();
  return { pid: process.pid, host: hostname(), node: process.version, home: process.env.HOME ?? homedir(), zone, env: process.env };
}
