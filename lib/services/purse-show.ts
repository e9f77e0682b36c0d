import { CadenceError } from '../core/error.ts';
import { cadenceKey } from '../core/holds.ts';
import { toUsd } from '../core/money/budget.ts';
import type { PurseView } from '../core/money/purse-view.ts';
import { toIso } from '../core/time/instant.ts';
import type { Clock, Doc, Journal } from '../ports.ts';
import { isDiskFault, type StorageHealth } from './storage-health.ts';

/** Keeps `purse.json` true, and tells who begins and who ceases to wait for money. */
export interface PurseShow {
  /**
   * `content` is undefined where no budget is set, so there is no file. `unsettled`: who waits because nobody knows the budgets, and why: that stands in
   * `bus.yaml` for all to read. False: the disk refused it; try again later.
   */
  show(content: PurseContent | undefined, unsettled: Readonly<Record<string, string>>): boolean;
  /** Until a time. */
  isAnybodyHeld(): boolean;
}

export interface PurseContent {
  /** In micro-dollars, by run. */
  readonly reserved: ReadonlyMap<string, { readonly cadence: string; readonly micros: number }>;
  readonly holds: PurseView['holds'];
}

type Holds = Readonly<Record<string, { readonly because: string; readonly until?: string }>>;

export interface PurseShowDeps {
  readonly clock: Pick<Clock, 'nowMs'>;
  readonly zone: string;
  readonly journal: Pick<Journal, 'emit'>;
  readonly health: StorageHealth;
  readonly view: Doc<PurseView>;
}

export function createPurseShow({ clock, zone, journal, health, view }: PurseShowDeps): PurseShow {
  /** undefined: what an earlier owner left has not been looked at yet. */
  let shown: string | undefined;
  let holds: Holds = {};

  function announce(next: Holds): void {
    for (const [cadence, { because, until }] of Object.entries(next)) {
      const time = until === undefined ? {} : { until };
      if (holds[cadence] === undefined) journal.emit({ level: 'warn', stage: 'budget_held', key: cadenceKey(cadence), cadence, ...time, because });
    }
    for (const cadence of Object.keys(holds)) {
      if (next[cadence] === undefined) journal.emit({ level: 'info', stage: 'budget_freed', key: cadenceKey(cadence), cadence });
    }
    holds = next;
  }

  /** What an earlier owner left counts for nothing, but what cannot be read is evidence: reading it sets it aside. */
  function setBrokenAside(): void {
    try {
      view.read();
    } catch (error) {
      // It may not be read, and is written anew.
      if (!(error instanceof CadenceError) || error.code !== 'permission') throw error;
    }
  }

  function write(content: PurseContent | undefined): void {
    if (shown === undefined) setBrokenAside();
    const text = content === undefined ? '' : JSON.stringify([[...content.reserved], content.holds]);
    if (text === shown) return;
    if (content !== undefined) view.write(viewOf(content, zone, clock.nowMs()));
    else view.remove();
    shown = text;
  }

  return {
    show(content, unsettled) {
      announce({ ...content?.holds, ...Object.fromEntries(Object.entries(unsettled).map(([cadence, because]) => [cadence, { because }])) });
      try {
        write(content);
        health.well('purse');
        return true;
      } catch (error) {
        // What counts is in memory and in the log of runs.
        if (!isDiskFault(error)) throw error;
        health.failed('purse', error.message);
        return false;
      }
    },
    isAnybodyHeld: () => Object.values(holds).some(({ until }) => until !== undefined),
  };
}

function viewOf({ reserved, holds }: PurseContent, zone: string, nowMs: number): PurseView {
  const entries = [...reserved].map(([runId, { cadence, micros }]) => [runId, { cadence, usd: toUsd(micros) }] as const);
  return { format: 1, generated: toIso(nowMs), zone, reserved: Object.fromEntries(entries), holds };
}
