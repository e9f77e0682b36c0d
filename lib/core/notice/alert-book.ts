import type { Incident } from '../incident/incident.ts';
import { type Ms, parseIso, toIso } from '../time/instant.ts';
import type { AlertDecision, AlertMemory } from './alert.ts';
import { episodeOf } from './alert.ts';
import { STILL, type Storm } from './storm.ts';

/** What was told of incidents, and what is held for a summary: one small file, so that a restart tells nothing twice. */
export interface AlertBook {
  readonly format: 1;
  readonly told: Readonly<Record<string, AlertMemory>>;
  readonly storm: Storm;
  /** Since when the weekly digest has nothing told; absent: nothing was ever told. */
  readonly digest_at?: string;
}

export const EMPTY_ALERTS: AlertBook = { format: 1, told: {}, storm: STILL };

/** An incident that is over may come back for a week, and its cooldown with it. Of one that is open all is remembered until it is over. */
const KEPT_MS: Ms = 30 * 86_400_000;

export function withMemory(book: AlertBook, id: string, memory: AlertMemory, nowMs: Ms, isOpen: (id: string) => boolean): AlertBook {
  const kept = Object.entries(book.told).filter(([one, { told_at }]) => nowMs - (parseIso(told_at) ?? 0) < KEPT_MS || isOpen(one));
  return { ...book, told: { ...Object.fromEntries(kept), [id]: memory } };
}

/** What is remembered once a decision has been carried out. */
export function remembered(incident: Incident, decision: Exclude<AlertDecision, { tell: 'nothing' }>, before: AlertMemory | undefined, nowMs: Ms): AlertMemory {
  const count = (before?.count ?? 0) + 1;
  if (decision.tell === 'recovery' && before !== undefined) return { ...before, count, recovered: true };
  const human_at = decision.asksHuman ? toIso(nowMs) : before?.human_at;
  return { episode: episodeOf(incident), count, told_at: toIso(nowMs), level: decision.level, ...(human_at === undefined ? {} : { human_at }) };
}
