import {
  type Cadence,
  DEFAULT_BREAKER,
  DEFAULT_COMMAND_TIMEOUT_MS,
  DEFAULT_IDLE_TIMEOUT_MS,
  DEFAULT_KILL_GRACE_MS,
  DEFAULT_LOG_CAP_BYTES,
  DEFAULT_RETRY,
} from './cadence.ts';
import type { Paths } from './paths.ts';
import { CONTROL_CADENCE } from './tick.ts';

/** The cadence of orders: inline, never held, one try. */
export function controlCadence(paths: Paths): Cadence {
  return {
    name: CONTROL_CADENCE,
    path: paths.state,
    description: 'Orders to the owner',
    enabled: true,
    run: { kind: 'inline', file: '' },
    guard: undefined,
    schedule: undefined,
    overlap: 'queue',
    expiresMs: undefined,
    timeoutMs: DEFAULT_COMMAND_TIMEOUT_MS,
    idleTimeoutMs: DEFAULT_IDLE_TIMEOUT_MS,
    killGraceMs: DEFAULT_KILL_GRACE_MS,
    logCapBytes: DEFAULT_LOG_CAP_BYTES,
    workspace: undefined,
    lane: 'control',
    account: undefined,
    // Orders may be repeated: one that its owner did not live to finish is carried out by the next.
    retry: { ...DEFAULT_RETRY, attempts: 5, delaysMs: [0] },
    breaker: DEFAULT_BREAKER,
    budget: undefined,
    requiredEnv: [],
    about: { inputs: {}, outputs: {}, network: false, destructive: false },
  };
}

/** Stands in for a cadence whose definition is gone while its child still runs. */
export function vanishedCadence(name: string, paths: Paths): Cadence {
  const run: Cadence['run'] = { kind: 'command', argv: [], shell: false, cwd: paths.root, env: { names: [], values: {} }, okCodes: [0] };
  return { ...controlCadence(paths), name, lane: 'command', run };
}
