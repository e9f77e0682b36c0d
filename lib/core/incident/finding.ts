import { isCadenceName } from '../tick.ts';
import { parseIso } from '../time/instant.ts';

/**
 * What is found wrong with a cadence though no run of it failed: by the watchman, who is no part of the owner, or by the
 * owner itself. It goes by a tick of `bus-care`, so whoever finds it, the owner alone writes its incident.
 *
 *     missed     nobody came to its slots, or no run of it has come for longer than its schedule allows
 *     disabled   the manager of the system does not run its timer
 *     stale      its timer is loaded, and does not come
 */
export const FOUND_DETECTORS = ['missed', 'disabled', 'stale'] as const;
export type FoundDetector = (typeof FOUND_DETECTORS)[number];

/** Names as in the payload of its tick and in `incident.json`, so snake_case. */
export interface Finding {
  readonly cadence: string;
  readonly detector: FoundDetector;
  /** When it was seen. */
  readonly at: string;
  readonly words: string;
  /** The same again is the same finding, whoever tells it. */
  readonly key: string;
  /** The last slot that was missed. */
  readonly slot?: string;
  /** What the manager of the system says of its timer. */
  readonly timer?: string;
}

/** What no run proves well: a timer is dead though the owner makes up for it. The watchman sees when it is well. */
export function isOfTimer(detector: string): boolean {
  return detector === 'disabled' || detector === 'stale';
}

/** Who finds a slot missed first names it so, and whoever comes second finds it told. */
export function missedKey(cadence: string, slot: string): string {
  return `missed:${cadence}:${slot}`;
}

const MOST_WORDS = 1_000;

/** undefined: this is none. */
export function parseFinding(value: unknown): Finding | undefined {
  const { cadence, detector, at, words, key, slot, timer } = (typeof value === 'object' && value !== null ? value : {}) as Readonly<Record<string, unknown>>;
  const found = FOUND_DETECTORS.find((one) => one === detector);
  if (typeof cadence !== 'string' || !isCadenceName(cadence) || found === undefined) return undefined;
  if (typeof at !== 'string' || parseIso(at) === undefined || typeof words !== 'string' || typeof key !== 'string' || key === '') return undefined;
  return {
    ...{ cadence, detector: found, at, words: words.slice(0, MOST_WORDS), key: key.slice(0, 300) },
    ...(typeof slot === 'string' && parseIso(slot) !== undefined ? { slot } : {}),
    ...(typeof timer === 'string' ? { timer: timer.slice(0, MOST_WORDS) } : {}),
  };
}
