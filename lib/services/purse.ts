import {
  capOf,
  type EndOfRun,
  expectedCost,
  type Limit,
  limitsOf,
  type Micros,
  reservationFor,
  type Shortage,
  shortageIn,
  toUsd,
  type Used,
  unknownCost,
} from '../core/budget.ts';
import type { Cadence } from '../core/cadence.ts';
import { type Ms, toIso } from '../core/instant.ts';
import { type LocalDays, monthOf } from '../core/local-day.ts';
import type { PurseHold } from '../core/purse-view.ts';
import { tallyOf } from '../core/spending.ts';
import type { Clock, Definitions, RunLog } from '../ports.ts';
import type { PurseShow } from './purse-show.ts';
import { TRY_AGAIN_MS } from './storage-health.ts';

/**
 * Money is set aside before a run starts and settled when it has ended. What was spent is a fold over the log of runs;
 * what is set aside belongs to the runs under way, and a new owner sets it aside again for those that it adopts. So
 * nothing has to be saved, and nothing is lost. There is one consumer, which awaits nothing that starts another run between
 * asking for a shortage and reserving: two runs never fit the same last dollar.
 */
export interface Purse {
  /** Why no run of this cadence may start now. */
  shortage(cadence: Cadence): Shortage | undefined;
  reserve(runId: string, cadence: Cadence): void;
  /** What the budget of a run is charged beside the cost that it tells, in dollars; undefined: nothing. Asked before the release. */
  charge(cadence: Cadence, end: EndOfRun, runId?: string): number | undefined;
  /** The record of the run speaks for it from now on. Twice is fine. */
  release(runId: string): void;
  /** Definitions changed. */
  touch(): void;
  /** Whether, since it was last asked, less is set aside or the day is another one. */
  takeEasing(): boolean;
  /** Shows who waits for money. Answers when that changes by itself. */
  tend(): Ms | undefined;
}

export interface PurseDeps {
  readonly clock: Clock;
  readonly days: LocalDays;
  readonly runLog: Pick<RunLog, 'spending'>;
  readonly definitions: Definitions;
  readonly show: PurseShow;
}

interface Reservation {
  readonly cadence: string;
  readonly micros: Micros;
}

export function createPurse(deps: PurseDeps): Purse {
  const { clock, days, definitions, show } = deps;
  const reserved = new Map<string, Reservation>();
  let day = days.dayAt(clock.nowMs());
  let isStale = true;
  let hasEased = false;

  const entryOf = (cadence: string) => deps.runLog.spending().cadences.get(cadence);
  /** Sessions do; of others it is known once they have told it, or their budget says so. */
  const mayCost = ({ name, run, budget }: Cadence): boolean =>
    run.kind === 'claude' || run.kind === 'agent' || budget !== undefined || (entryOf(name)?.costs.length ?? 0) > 0;
  const isBudgeted = (cadence: Cadence): boolean => cadence.budget !== undefined || (definitions.settings().budget !== undefined && mayCost(cadence));

  function lookAtClock(): void {
    const today = days.dayAt(clock.nowMs());
    if (today.name === day.name) return;
    day = today;
    isStale = true;
    hasEased = true;
  }

  function limits(scope: Limit['scope'], policy: Parameters<typeof limitsOf>[1], usedIn: (period: string) => Used, isMine: (one: Reservation) => boolean) {
    if (policy === undefined) return [];
    const mine = [...reserved.values()].filter(isMine);
    const held = { micros: mine.reduce((sum, { micros }) => sum + micros, 0), runs: mine.length };
    const resetsMs = { day: day.endMs, month: days.monthEndMs(clock.nowMs()) };
    return limitsOf(scope, policy, { day: usedIn(day.name), month: usedIn(monthOf(day.name)) }, held, resetsMs);
  }

  /** All money counts, and the runs of those who may cost some. */
  function busLimits(): readonly Limit[] {
    const { budget } = definitions.settings();
    const countsRuns = budget?.dayRuns !== undefined || budget?.monthRuns !== undefined;
    const costly = countsRuns ? definitions.all().flatMap(({ name, cadence }) => (cadence !== undefined && mayCost(cadence) ? [name] : [])) : [];
    const usedIn = (period: string): Used => ({
      micros: tallyOf(deps.runLog.spending().bus, period).micros,
      runs: costly.reduce((sum, name) => sum + tallyOf(entryOf(name), period).runs, 0),
    });
    return limits('bus', budget, usedIn, () => true);
  }

  function limitsFor({ name, budget }: Cadence, bus: readonly Limit[]): readonly Limit[] {
    const own = limits(
      'cadence',
      budget,
      (period) => tallyOf(entryOf(name), period),
      ({ cadence }) => cadence === name,
    );
    return [...own, ...bus];
  }

  function needOf(cadence: Cadence, all: readonly Limit[]): Micros {
    const cap = capOf(cadence.budget?.runUsd, cadence.run.kind === 'claude' ? cadence.run.maxUsd : undefined);
    return reservationFor(expectedCost(entryOf(cadence.name)?.costs ?? [], cap), all);
  }

  function shortage(cadence: Cadence, bus = busLimits()): Shortage | undefined {
    const all = limitsFor(cadence, bus);
    return shortageIn(all, needOf(cadence, all));
  }

  /** A cadence that runs waits for its run first. */
  function holds(): Readonly<Record<string, PurseHold>> {
    const bus = busLimits();
    const running = new Set([...reserved.values()].map(({ cadence }) => cadence));
    const found: Record<string, PurseHold> = {};
    for (const { name, cadence } of definitions.all()) {
      const short = cadence === undefined || !cadence.enabled || running.has(name) || !isBudgeted(cadence) ? undefined : shortage(cadence, bus);
      if (short !== undefined) found[name] = { scope: short.scope, until: toIso(short.untilMs), because: short.because };
    }
    return found;
  }

  const hasBudgets = (): boolean => definitions.settings().budget !== undefined || definitions.all().some(({ cadence }) => cadence?.budget !== undefined);

  return {
    shortage(cadence) {
      if (!isBudgeted(cadence)) return undefined;
      lookAtClock();
      return shortage(cadence);
    },
    reserve(runId, cadence) {
      if (!mayCost(cadence)) return;
      reserved.set(runId, { cadence: cadence.name, micros: needOf(cadence, limitsFor(cadence, busLimits())) });
      isStale = true;
    },
    charge(cadence, end, runId) {
      if (!isBudgeted(cadence)) return undefined;
      const setAside = reserved.get(runId ?? '')?.micros ?? needOf(cadence, limitsFor(cadence, busLimits()));
      const micros = unknownCost(end, setAside);
      return micros === 0 ? undefined : toUsd(micros);
    },
    release(runId) {
      if (!reserved.delete(runId)) return;
      isStale = true;
      hasEased = true;
    },
    touch() {
      isStale = true;
    },
    takeEasing() {
      lookAtClock();
      const was = hasEased;
      hasEased = false;
      return was;
    },
    tend() {
      lookAtClock();
      if (isStale) {
        const isNeeded = hasBudgets();
        isStale = !show.show(isNeeded ? { reserved, holds: holds() } : undefined);
        if (isStale) return clock.nowMs() + TRY_AGAIN_MS;
      }
      return show.isAnybodyHeld() ? day.endMs : undefined;
    },
  };
}
