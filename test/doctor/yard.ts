import { chmodSync, mkdirSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import type { Cadence } from '../../lib/core/cadence.ts';
import type { Holds } from '../../lib/core/holds.ts';
import { type Paths, pathsOf } from '../../lib/core/paths.ts';
import { foldersOf } from '../../lib/doctor/folders.ts';
import type { StateFile } from '../../lib/doctor/state-file.ts';
import { createFiles } from '../../lib/platform/files.ts';
import type { Files, OwnerInfo, OwnerState } from '../../lib/ports.ts';
import { type TestClock, testClock } from '../support/bus.ts';
import { tempRoot } from '../support/temp-root.ts';

/** A root on the real disk, with every folder of ours, and hands to spoil it. */
export interface Yard {
  readonly root: string;
  readonly paths: Paths;
  readonly files: Files;
  readonly clock: TestClock;
  /** A file below the root, with its folders; 0600. */
  put(path: string, content: string | object, mode?: number): string;
  /** As if it had lain there for so long. */
  age(path: string, ms: number): void;
}

export const HOUR_MS = 3_600_000;

export function yard(): Yard {
  const root = tempRoot();
  const paths = pathsOf(root);
  const files = createFiles();
  const clock = testClock(Date.now());
  mkdirSync(paths.cadences, { mode: 0o755 });
  for (const path of foldersOf(paths)) files.makeDir(path);
  return {
    root,
    paths,
    files,
    clock,
    put(path, content, mode = 0o600) {
      mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
      rmSync(path, { force: true });
      writeFileSync(path, typeof content === 'string' ? content : `${JSON.stringify(content)}\n`);
      chmodSync(path, mode);
      return path;
    },
    age(path, ms) {
      const at = new Date(clock.nowMs() - ms);
      utimesSync(path, at, at);
    },
  };
}

export const OWNER: OwnerInfo = {
  format: 1,
  pid: 4242,
  identity: 'boot-1',
  version: '0.1.0',
  node: 'v20.19.0',
  host: 'test',
  root: '/srv/agents',
  started_at: '2026-11-20T07:00:00.000Z',
  state: 'running',
};

export const owned = async (): Promise<boolean> => true;
export const unowned = async (): Promise<boolean> => false;
export const stateOf =
  (kind: OwnerState['kind'], info: OwnerInfo | undefined = OWNER) =>
  async (): Promise<OwnerState> =>
    kind === 'answers' ? { kind, info, tookMs: 1 } : { kind, info };

export const whole = <T>(value: T): StateFile<T> => ({ kind: 'whole', value });

export function holdsWith(breakers: Holds['breakers'], paused: Holds['paused'] = {}): Holds {
  return { format: 1, through: { day: '', bytes: 0 }, breakers, paused };
}

export function openBreaker(until: string) {
  return { state: 'open', failures: 3, until, open_ms: 1_800_000, because: 'exit 3', run_id: 'x7k2p9qd4mzt-1' } as const;
}

/** A cadence that runs this program, whole and with defaults. */
export function cadenceOf(name: string, run: Cadence['run'], about: Partial<Cadence> = {}): Cadence {
  return {
    name,
    path: `/srv/agents/cadences/${name}.yaml`,
    description: '',
    enabled: true,
    run,
    guard: undefined,
    schedule: undefined,
    overlap: undefined,
    expiresMs: undefined,
    timeoutMs: 300_000,
    idleTimeoutMs: 0,
    killGraceMs: 5_000,
    logCapBytes: 1_000_000,
    workspace: undefined,
    lane: 'command',
    account: undefined,
    retry: { attempts: 2, delaysMs: [30_000], jitter: 0 },
    breaker: { failures: 3, openMs: 1_800_000, maxOpenMs: 14_400_000 },
    budget: undefined,
    requiredEnv: [],
    about: { inputs: {}, outputs: {}, network: false, destructive: false },
    ...about,
  };
}

export const NO_ENV = { names: [], values: {} } as const;

export function command(
  argv: readonly string[],
  cwd: string,
  env: { names: readonly string[]; values: Readonly<Record<string, string>> } = NO_ENV,
): Cadence['run'] {
  return { kind: 'command', argv, shell: false, cwd, env, okCodes: [0] };
}
