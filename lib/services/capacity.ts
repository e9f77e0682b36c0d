import type { Cadence } from '../core/cadence.ts';

/**
 * Who runs now: lanes hold a number of runs, a workspace one, a cadence one. A run that waits for a tick of its own bus does
 * nothing meanwhile: its places keep out everybody but that tick, which would else wait for whoever waits for it.
 */
export interface Capacity {
  isBusy(cadence: string): boolean;
  /** The full lane's name. */
  laneFull(cadence: Cadence): string | undefined;
  workspaceTaken(cadence: Cadence): string | undefined;
  enter(runId: string, cadence: Cadence): void;
  leave(runId: string): void;
  /** The run waits for this tick, and for what stands before it, for as long as `isOpen` says so. */
  lend(wait: Wait): void;
  /** A run under way waits for a tick of this cadence. */
  isAwaited(cadence: string): boolean;
  waits(): readonly Wait[];
}

export interface Wait {
  readonly by: string;
  readonly tick: string;
  readonly isOpen: () => boolean;
}

export interface CapacityDeps {
  readonly laneSize: (lane: string) => number;
  /** Of a tick that has not begun. */
  readonly cadenceOf: (tick: string) => string | undefined;
}

const NOBODY: readonly Cadence[] = [];

export function createCapacity({ laneSize, cadenceOf }: CapacityDeps): Capacity {
  const lanes = new Map<string, number>();
  const workspaces = new Map<string, number>();
  /** A forced run may be one beside another. */
  const busy = new Map<string, number>();
  const running = new Map<string, Cadence>();
  let waiting: readonly Wait[] = [];
  /** A count of nothing stays: names are few, and a map that grows and shrinks with every run is made anew each time. */
  const add = (counts: Map<string, number>, key: string, change: number): void => void counts.set(key, Math.max(0, (counts.get(key) ?? 0) + change));

  function count(cadence: Cadence, change: number): void {
    add(busy, cadence.name, change);
    add(lanes, cadence.lane, change);
    if (cadence.workspace !== undefined) add(workspaces, cadence.workspace, change);
  }

  function waits(): readonly Wait[] {
    if (waiting.length > 0) waiting = waiting.filter(({ by, isOpen }) => running.has(by) && isOpen());
    return waiting;
  }

  const isAwaited = (cadence: string): boolean => waits().some(({ tick }) => cadenceOf(tick) === cadence);

  /** Those whose places do not count for this cadence. */
  function lenders({ name }: Cadence): readonly Cadence[] {
    if (waiting.length === 0 || !isAwaited(name)) return NOBODY;
    return [...new Set(waiting.map(({ by }) => by))].flatMap((by) => running.get(by) ?? []);
  }

  return {
    isBusy: (cadence) => (busy.get(cadence) ?? 0) > 0,
    laneFull(cadence) {
      const { lane } = cadence;
      const [taken, size] = [lanes.get(lane) ?? 0, laneSize(lane)];
      return taken < size || taken - lenders(cadence).filter((one) => one.lane === lane).length < size ? undefined : lane;
    },
    workspaceTaken(cadence) {
      const { workspace } = cadence;
      const taken = workspace === undefined ? 0 : (workspaces.get(workspace) ?? 0);
      return taken === 0 || taken === lenders(cadence).filter((one) => one.workspace === workspace).length ? undefined : workspace;
    },
    enter(runId, cadence) {
      running.set(runId, cadence);
      count(cadence, 1);
    },
    leave(runId) {
      const cadence = running.get(runId);
      running.delete(runId);
      if (cadence !== undefined) count(cadence, -1);
    },
    lend(wait) {
      waiting = [...waits(), wait];
    },
    isAwaited,
    waits,
  };
}
