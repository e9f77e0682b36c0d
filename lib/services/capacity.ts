import type { Cadence } from '../core/cadence.ts';

/** Who runs now: lanes hold a number of runs, a workspace one, a cadence one. Nothing here waits. */
export interface Capacity {
  isBusy(cadence: string): boolean;
  /** The full lane's name. */
  laneFull(cadence: Cadence): string | undefined;
  workspaceTaken(cadence: Cadence): string | undefined;
  enter(cadence: Cadence): void;
  leave(cadence: Cadence): void;
}

export function createCapacity(deps: { laneSize: (lane: string) => number }): Capacity {
  const lanes = new Map<string, number>();
  const workspaces = new Set<string>();
  /** A forced run may be one beside another. */
  const busy = new Map<string, number>();
  /** A count of nothing stays: names are few, and a map that grows and shrinks with every run is made anew each time. */
  const add = (counts: Map<string, number>, key: string, change: number): void => void counts.set(key, Math.max(0, (counts.get(key) ?? 0) + change));
  return {
    isBusy: (cadence) => (busy.get(cadence) ?? 0) > 0,
    laneFull: (cadence) => ((lanes.get(cadence.lane) ?? 0) >= deps.laneSize(cadence.lane) ? cadence.lane : undefined),
    workspaceTaken: (cadence) => (cadence.workspace !== undefined && workspaces.has(cadence.workspace) ? cadence.workspace : undefined),
    enter(cadence) {
      add(busy, cadence.name, 1);
      add(lanes, cadence.lane, 1);
      if (cadence.workspace !== undefined) workspaces.add(cadence.workspace);
    },
    leave(cadence) {
      add(busy, cadence.name, -1);
      add(lanes, cadence.lane, -1);
      if (cadence.workspace !== undefined) workspaces.delete(cadence.workspace);
    },
  };
}
