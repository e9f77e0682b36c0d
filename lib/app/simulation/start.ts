import { freeAtMs } from '../../core/breaker.ts';
import { toUsd } from '../../core/money/budget.ts';
import { tallyOf } from '../../core/money/spending.ts';
import type { Ms } from '../../core/time/instant.ts';
import { createLocalDays } from '../../core/time/local-day.ts';
import { digestPath, formatDigest } from '../../history/digest.ts';
import { LOG_START } from '../../history/position.ts';
import type { Files } from '../../ports.ts';
import type { Reading } from '../reading.ts';
import type { TakenTicks } from './ticks.ts';

/** What a simulation begins with. */
export interface SimulationStart {
  /** Nothing is held, nothing spent, and nothing waits or runs. */
  readonly fresh: boolean;
  /** What would be held at that instant: keys of breakers and pauses, and `halt`. */
  readonly held_at_start: readonly string[];
  /** On the local day of that instant. */
  readonly spent_at_start_usd: number;
  readonly waiting_at_start: number;
  readonly running_at_start: number;
}

export const FRESH: SimulationStart = { fresh: true, held_at_start: [], spent_at_start_usd: 0, waiting_at_start: 0, running_at_start: 0 };

/**
 * Breakers, pauses, the emergency stop and what was spent are those of the real bus; the log of runs is not, so what was spent stands in a
 * snapshot of the time before the log.
 */
export function beginAsItIs(bus: Reading, files: Files, fromMs: Ms, ownZone: string, ticks: TakenTicks): SimulationStart {
  const { paths, files: disk, ...reading } = bus;
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
    waiting_at_start: ticks.waiting,
    running_at_start: ticks.running,
    spent_at_start_usd: toUsd(tallyOf(spending.bus, days.dayAt(fromMs).name).micros),
  };
}
