import type { Cadence } from '../core/cadence.ts';
import { type EndOfRun, isOverspent, type Limit, type Micros, type Shortage, shortageIn, toMicros, toUsd, unknownCost } from '../core/money/budget.ts';
import { busLimits, cadenceLimits, type Ledger, mayCost, needOf, type Reservation } from '../core/money/ledger.ts';
import type { PurseHold } from '../core/money/purse-view.ts';
import { type Ms, toIso } from '../core/time/instant.ts';
import type { LocalDays } from '../core/time/local-day.ts';
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
  shortage(cadence: Cadence): MoneyHold | undefined;
  reserve(runId: string, cadence: Cadence): void;
  /**
   * A run tells what it has cost so far. What is more than was set aside for it is set aside from now on, too. false: it no longer fits
   * into a limit, so this run must end; those that keep to what was set aside for them go on.
   */
  meter(runId: string, usd: number): boolean;
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

/** `untilMs` is undefined where nobody knows the budgets: that ends with an edit of `bus.yaml`. */
export type MoneyHold = Pick<Shortage, 'because'> & { readonly untilMs: Ms | undefined };

export interface PurseDeps {
  readonly clock: Clock;
  readonly days: LocalDays;
  readonly runLog: Pick<RunLog, 'spending'>;
  readonly definitions: Definitions;
  /** Why nobody knows what may be spent: who may spend something waits. */
  readonly unsettled: () => string | undefined;
  readonly show: PurseShow;
}

export function createPurse(deps: PurseDeps): Purse {
  const { clock, days, definitions, unsettled, show } = deps;
  const reserved = new Map<string, Reservation>();
  let day = days.dayAt(clock.nowMs());
  let isStale = true;
  let hasEased = false;

  const { settings } = definitions;
  const spending = () => deps.runLog.spending();
  const ledger = (): Ledger => ({ spending: spending(), reserved: [...reserved.values()], day, monthEndMs: days.monthEndMs(clock.nowMs()) });
  const isBudgeted = (cadence: Cadence): boolean => cadence.budget !== undefined || (settings().budget !== undefined && mayCost(cadence, spending()));

  function lookAtClock(): void {
    const today = days.dayAt(clock.nowMs());
    if (today.name === day.name) return;
    day = today;
    isStale = true;
    hasEased = true;
  }

  function limitsOfBus(): readonly Limit[] {
    const { budget } = settings();
    return budget === undefined ? [] : busLimits(budget, cadencesOf(definitions), ledger());
  }

  function limitsFor(cadence: Cadence, bus: readonly Limit[]): readonly Limit[] {
    return [...cadenceLimits(cadence, ledger()), ...bus];
  }

  function shortage(cadence: Cadence, bus = limitsOfBus()): Shortage | undefined {
    const all = limitsFor(cadence, bus);
    return shortageIn(all, needOf(cadence, spending(), all));
  }

  const reservation = (cadence: Cadence): Micros => needOf(cadence, spending(), limitsFor(cadence, limitsOfBus()));

  /** A cadence that runs waits for its run first. */
  function holds(): Readonly<Record<string, PurseHold>> {
    const bus = limitsOfBus();
    const running = new Set([...reserved.values()].map(({ cadence }) => cadence));
    const found: Record<string, PurseHold> = {};
    for (const cadence of cadencesOf(definitions)) {
      const short = !cadence.enabled || running.has(cadence.name) || !isBudgeted(cadence) ? undefined : shortage(cadence, bus);
      if (short !== undefined) found[cadence.name] = { scope: short.scope, until: toIso(short.untilMs), because: short.because };
    }
    return found;
  }

  /** Also of what has told a cost and has no budget: its definition is right, and does not say that it spends. */
  function unsettledHolds(): Readonly<Record<string, string>> {
    const because = unsettled();
    if (because === undefined) return {};
    const waiting = cadencesOf(definitions).filter((cadence) => cadence.enabled && mayCost(cadence, spending()));
    return Object.fromEntries(waiting.map(({ name }) => [name, because]));
  }

  const hasBudgets = (): boolean => settings().budget !== undefined || cadencesOf(definitions).some(({ budget }) => budget !== undefined);

  return {
    shortage(cadence) {
      const unknown = unsettled();
      if (unknown !== undefined && mayCost(cadence, spending())) return { because: unknown, untilMs: undefined };
      if (!isBudgeted(cadence)) return undefined;
      lookAtClock();
      return shortage(cadence);
    },
    reserve(runId, cadence) {
      if (!mayCost(cadence, spending())) return;
      reserved.set(runId, { cadence: cadence.name, micros: reservation(cadence) });
      isStale = true;
    },
    meter(runId, usd) {
      const own = reserved.get(runId);
      const micros = toMicros(usd);
      if (own === undefined || micros <= own.micros) return true;
      lookAtClock();
      reserved.set(runId, { ...own, micros });
      isStale = true;
      const cadence = definitions.get(own.cadence)?.cadence;
      // Whose definition was removed meanwhile has no limits of its own any more; those of the bus are still there.
      return !isOverspent(cadence === undefined ? limitsOfBus() : limitsFor(cadence, limitsOfBus()));
    },
    charge(cadence, end, runId) {
      if (!isBudgeted(cadence)) return undefined;
      const setAside = reserved.get(runId ?? '')?.micros ?? reservation(cadence);
      const micros = unknownCost(end, setAside);
      return micros === 0 ? undefined : toUsd(micros);
    },
    release(runId) {
      // Its first cost tells that it spends.
      isStale ||= unsettled() !== undefined;
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
        isStale = !show.show(isNeeded ? { reserved, holds: holds() } : undefined, unsettledHolds());
        if (isStale) return clock.nowMs() + TRY_AGAIN_MS;
      }
      return show.isAnybodyHeld() ? day.endMs : undefined;
    },
  };
}

function cadencesOf(definitions: Definitions): readonly Cadence[] {
  return definitions.all().flatMap(({ cadence }) => cadence ?? []);
}
