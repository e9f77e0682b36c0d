import { existsSync, writeFileSync } from 'node:fs';

/** A clock that is set under a living process: libfaketime lies between it and the system, and asks a file how far the clock is off. */
const FOLDERS = ['/usr/lib/x86_64-linux-gnu/faketime', '/usr/lib/aarch64-linux-gnu/faketime', '/usr/lib/faketime', '/usr/local/lib/faketime'];
const LIBRARY = FOLDERS.map((folder) => `${folder}/libfaketimeMT.so.1`).find(existsSync);

/** undefined: a clock can be set here; else why not. */
export function whyNoClock(): string | undefined {
  return LIBRARY === undefined ? 'libfaketime is not installed' : undefined;
}

export interface SetClock {
  /** For the environment of a process that is to go by it. */
  readonly env: Readonly<Record<string, string>>;
  set(offset: string): void;
}

/** What counts the time since the machine began goes on as it does: that is no clock that anybody sets. */
export function createSetClock(path: string): SetClock {
  const set = (offset: string): void => writeFileSync(path, `${offset}\n`);
  set('+0');
  return {
    env: { LD_PRELOAD: LIBRARY ?? '', FAKETIME_TIMESTAMP_FILE: path, FAKETIME_NO_CACHE: '1', FAKETIME_DONT_FAKE_MONOTONIC: '1', DONT_FAKE_MONOTONIC: '1' },
    set,
  };
}
