import { type Finding, type FoundDetector, missedKey } from '../incident/finding.ts';
import type { TimerView } from '../slot/timer.ts';
import { toIso } from '../time/instant.ts';
import { type Missing, type Sight, type Worry, worriesOf } from './watch.ts';

/** What the watchman has put on file, by worry: since when, and which tale of it was the last. Names as in `heartbeat.json`. */
export type Filed = Readonly<Record<string, { readonly since: string; readonly last: string }>>;

/** What of a round is put on file, and what is over. */
export interface Filing {
  readonly found: readonly Finding[];
  /** Timers that come again. */
  readonly well: readonly { readonly cadence: string; readonly detector: FoundDetector; readonly since: string }[];
  readonly filed: Filed;
  /** Worries that are on file, now or before. */
  readonly keys: readonly string[];
}

export interface FilingInput {
  readonly sight: Sight;
  /** What is left of the round, worst first. */
  readonly worries: readonly Worry[];
  readonly before: Filed;
  readonly isDefined: (cadence: string) => boolean;
  /** It has an agent that is asked each time: `on_diagnose`. */
  readonly isDiagnosed: (cadence: string) => boolean;
}

/**
 * A worry about a cadence is told once; again for each slot that is missed, and for a timer that an agent is to mend each
 * round, for whether a fix holds shows only there. Where no owner lives nobody reads it, so once is enough.
 */
export function filingOf({ sight, worries, before, isDefined, isDiagnosed }: FilingInput): Filing {
  const isOwned = sight.owner.state === 'running';
  const told = worries.flatMap((worry) => {
    const finding = findingOf(worry, sight);
    return finding === undefined || !isDefined(finding.cadence) ? [] : [{ worry, finding }];
  });
  const found = told.filter(({ worry: { key }, finding }) => {
    const last = before[key];
    if (last === undefined) return true;
    return isOwned && last.last !== finding.key && (finding.detector === 'missed' || isDiagnosed(finding.cadence));
  });
  const isFound = (key: string): boolean => found.some(({ worry }) => worry.key === key);
  const filed = told.map(({ worry: { key }, finding }) => {
    const last = before[key];
    return [key, { since: last?.since ?? finding.at, last: last === undefined || isFound(key) ? finding.key : last.last }] as const;
  });
  // A timer that has just been given back is no worry of this round, and is not well for that.
  const worried = new Set(worriesOf(sight).map(({ key }) => key));
  const waiting = Object.entries(before).filter(([key]) => worried.has(key) && !told.some(({ worry }) => worry.key === key));
  const well = Object.entries(before).flatMap(([key, { since }]) => {
    const about = subjectOf(key);
    return worried.has(key) || about === undefined || about.detector === 'missed' ? [] : [{ ...about, since }];
  });
  return {
    found: found.map(({ finding }) => finding),
    well,
    filed: Object.fromEntries([...waiting, ...filed]),
    keys: told.map(({ worry }) => worry.key),
  };
}

function subjectOf(key: string): { readonly cadence: string; readonly detector: FoundDetector } | undefined {
  const [kind, cadence] = [key.slice(0, key.indexOf(':')), key.slice(key.indexOf(':') + 1)];
  switch (kind) {
    case 'timer':
      return { cadence, detector: 'disabled' };
    case 'late':
      return { cadence, detector: 'stale' };
    case 'cadence':
      return { cadence, detector: 'missed' };
  }
  return undefined;
}

/** undefined: it is no worry about a cadence, or what holds the cadence is on file already. */
function findingOf({ key, words }: Worry, { atMs, missing, timers }: Sight): Finding | undefined {
  const about = subjectOf(key);
  if (about === undefined) return undefined;
  const { cadence, detector } = about;
  const timer = timers.find((one) => one.role === 'timer' && one.name === cadence);
  const found = { ...about, at: toIso(atMs), words, ...(timer === undefined ? {} : { timer: stateOf(timer) }) };
  if (detector !== 'missed') return timer === undefined ? undefined : { ...found, key: `${key}:${toIso(atMs)}` };
  const lack = missing.find((one) => one.cadence === cadence);
  return lack === undefined ? undefined : missedFinding(found, lack, atMs);
}

function missedFinding(found: Omit<Finding, 'key'>, { cadence, slots, isHeld, sinceMs, expectedMs }: Missing, atMs: number): Finding | undefined {
  const slot = slots.at(-1);
  if (slot !== undefined) return { ...found, slot, key: missedKey(cadence, slot) };
  if (isHeld) return undefined;
  const times = expectedMs > 0 ? Math.floor((atMs - sinceMs) / expectedMs) : 1;
  return { ...found, key: `missed:${cadence}:${toIso(sinceMs)}:${times}` };
}

function stateOf({ state, because }: TimerView): string {
  return `${state.replace('_', ' ')}${because === '' ? '' : `: ${because}`}`;
}
