import { freeAtMs } from '../core/breaker.ts';
import { toUsd } from '../core/budget.ts';
import type { Ms } from '../core/instant.ts';
import { createLocalDays } from '../core/local-day.ts';
import { tallyOf } from '../core/spending.ts';
import { digestPath, formatDigest } from '../history/digest.ts';
import { LOG_START } from '../history/position.ts';
import type { Files } from '../ports.ts';
import type { Reading } from './reading.ts';

/** What a simulation begins with. */
export interface SimulationStart {
  /** Nothing is held and nothing spent. */
  readonly fresh: boolean;
  /** What would be held at that instant: keys of breakers and pauses, and `halt`. */
  readonly held_at_start: readonly string[];
  /** On the local day of that instant. */
  readonly spent_at_start_usd: number;
}

export const FRESH: SimulationStart = { fresh: true, held_at_start: [], spent_at_start_usd: 0 };

/**
 * Breakers, pauses, the emergency stop and what was spent are those of the real bus; the log of runs is not, so what was spent stands in a
 * snapshot of the time before the log. Ticks that wait or run are left out: what is asked is what the schedules would do.
 */
export function beginAsItIs({ paths, files: disk, ...reading }: Reading, files: Files, fromMs: Ms, ownZone: string): SimulationStart {
  const holds = reading.holds();
  const { spending, zone } = reading.history.spending(ownZone);
  const days = createLocalDays(zone);
  const isHalted = disk.info(paths.halt) !== undefined;
  files.write(paths.holds, JSON.stringify({ ...holds, through: LOG_START }));
  files.write(digestPath(paths.runs), formatDigest({ cadences: new Map(), spending, zone, days, through: LOG_START }));
  if (isHalted) files.write(paths.halt, '');
  const held = Object.entries(holds.breakers).flatMap(([key, breaker]) => (freeAtMs(breaker) > fromMs ? [key] : []));
  return {
    fresh: false,
    held_at_start: [...(isHalted ? ['halt'] : []), ...Object.keys(holds.paused), ...held],
    spent_at_start_usd: toUsd(tallyOf(spending.bus, days.dayAt(fromMs).name).micros),
  };
}
