import { type BusLog, createBusLog } from '../../platform/bus-log.ts';
import { watchCadences } from '../../platform/cadence-watch.ts';
import { createClock } from '../../platform/clock.ts';
import { createFiles } from '../../platform/files.ts';
import { type Machine, readMachine } from '../../platform/machine.ts';
import { type Acquired, acquireOwnership, type OwnershipDeps } from '../../platform/ownership.ts';
import { identityOf } from '../../platform/process-identity.ts';
import { takeOver } from '../../platform/takeover.ts';
import { onUncaught } from '../../platform/uncaught.ts';
import type { Clock, Files } from '../../ports.ts';
import type { OwnerWiring } from '../compose.ts';

/** Everything outside that an owner meets. The simulation (`test/sim`) hands in a machine of its own. */
export interface OwnerPorts extends Pick<OwnerWiring, 'ids' | 'processes' | 'programs' | 'http' | 'uptime'> {
  readonly files: Files;
  readonly clock: Clock;
  readonly machine: Machine;
  /** Start time of a process, as an opaque text. */
  readonly identityOf: (pid: number) => string | undefined;
  readonly acquire: (deps: OwnershipDeps) => Promise<Acquired>;
  readonly takeOver: (deps: OwnershipDeps) => Promise<Acquired>;
  readonly watchCadences: typeof watchCadences;
  readonly openLog: (dir: string) => BusLog;
  /** Hears of what ends this process; a machine that is not there has none. */
  readonly onUncaught?: typeof onUncaught;
}

export function realPorts(): OwnerPorts {
  const clock = createClock();
  return {
    files: createFiles(),
    clock,
    machine: readMachine(),
    identityOf,
    acquire: acquireOwnership,
    takeOver,
    watchCadences,
    openLog: (dir) => createBusLog(dir, clock.nowMs),
    onUncaught,
  };
}
