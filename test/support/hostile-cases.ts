import { mkdirSync, writeFileSync } from 'node:fs';
import { formatTickName } from '../../lib/core/tick.ts';
import { type TestBus, testBus } from './bus.ts';
import { tempRoot } from './temp-root.ts';

/** How many of each end a case must have. What is `left` is told once, unless it is a dot file. */
export interface Ends {
  readonly runs?: number;
  readonly malformed?: number;
  readonly rejected?: number;
  readonly left?: number;
}

export type Expectation = 'runs' | 'dead malformed' | 'dead rejected' | 'left' | 'gone' | Ends;

export interface HostileCase {
  readonly name: string;
  make(yard: HostileYard): void | Promise<void>;
  readonly expect: Expectation;
  /** Its payload is nested deeper than anything can compare. */
  readonly isDeep?: boolean;
}

/** A bus, and a folder beside its root that nobody may read or change. */
export interface HostileYard {
  readonly bus: TestBus;
  readonly inbox: string;
  readonly outside: string;
  readonly canary: string;
}

export const ID = 'x7k2p9qd4mzt';
/** Whoever follows a link out of the root finds a tick, and leaves this word behind. */
export const SECRET = 'the-canary-was-read';

export function hostileYard(bus: TestBus = testBus()): HostileYard {
  const outside = tempRoot('cb-outside-');
  const canary = `${outside}/canary.json`;
  writeFileSync(canary, tickText({ cadence: 'canary', payload: SECRET }));
  mkdirSync(`${outside}/folder`);
  writeFileSync(`${outside}/folder/inner.json`, tickText({ cadence: 'canary', payload: SECRET }));
  return { bus, inbox: bus.paths.inbox, outside, canary };
}

export const BASE = { cadence: 'nightly', source: 'test', enqueued_at: '2026-11-20T06:00:00.000Z' };

export function tickText(more: object = {}): string {
  return `${JSON.stringify({ ...BASE, ...more })}\n`;
}

export function canonicalName(cadence = 'nightly', id = ID, attempts = 0, dueMs = Date.UTC(2026, 10, 20, 6)): string {
  return formatTickName({ dueMs, cadence, id, attempts });
}

export function deadName(reason: string, attempts = 2, cadence = 'nightly'): string {
  return canonicalName(cadence, ID, attempts).replace(/json$/, `${reason}.json`);
}

export function endsOf(expect: Expectation): Required<Ends> {
  const none = { runs: 0, malformed: 0, rejected: 0, left: 0 };
  switch (expect) {
    case 'runs':
      return { ...none, runs: 1 };
    case 'dead malformed':
      return { ...none, malformed: 1 };
    case 'dead rejected':
      return { ...none, rejected: 1 };
    case 'left':
      return { ...none, left: 1 };
    case 'gone':
      return none;
    default:
      return { ...none, ...expect };
  }
}
