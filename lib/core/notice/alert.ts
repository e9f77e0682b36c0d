import { type Incident, isFoundOnly, isOpen } from '../incident/incident.ts';
import { isTellingDue, LEVELS, type Level, levelOf } from '../slot/lateness.ts';
import { type Ms, parseIso } from '../time/instant.ts';

/**
 * Who is told of an incident, and when: one notice when it counts, one more when it gets worse, a reminder while it stays
 * open, one recovery.
 *
 *     quiet ── enough failures in a row, or a person is needed ──▶ told ── proof ──▶ recovered (once)
 *                                                                  │  ▲
 *                                                                  └──┘ its level rises, or a reminder is due
 */
export interface AlertPolicy {
  /** How many ticks must have failed in a row; their retries are not counted. */
  readonly after: number;
  readonly cooldownMs: Ms;
  /** 0: never. */
  readonly remindMs: Ms;
  readonly tellsFailure: boolean;
  readonly tellsRecovery: boolean;
}

/** What was told of an incident; kept until it is over, and a while longer. */
export interface AlertMemory {
  /** The beginning of the episode that it is about: what comes back is another one. */
  readonly episode: string;
  /** How many notices there were: the number of the next one is part of its key. */
  readonly count: number;
  readonly told_at: string;
  readonly level: Level;
  /** When a person was last asked to act. */
  readonly human_at?: string;
  readonly recovered?: true;
}

/** How an incident stands when somebody asks. */
export interface AlertCase {
  readonly incident: Incident;
  /** Ticks that failed in a row up to now. */
  readonly failures: number;
  /** What may pass between two runs; undefined: nobody knows. */
  readonly intervalMs: Ms | undefined;
  /** Somebody has found that it is noise: only what is critical, or needs a person, is told. */
  readonly isSuppressed: boolean;
}

export type AlertDecision =
  | { readonly tell: 'nothing'; readonly because: string }
  | { readonly tell: 'failure' | 'reminder' | 'recovery'; readonly level: Level; readonly asksHuman: boolean };

const HUMAN_COOLDOWN_MS: Ms = 24 * 3_600_000;
/** For these nothing helps but a person, and every cadence of the account waits: the first one counts. */
const PERSON_CLASSES: readonly string[] = ['auth', 'billing'];

const nothing = (because: string): AlertDecision => ({ tell: 'nothing', because });

/** P23: by how many times the threshold has failed, and by how much longer than its schedule allows it has been open. */
function alertLevel({ incident, failures, intervalMs }: AlertCase, { after }: AlertPolicy, nowMs: Ms): Level {
  const byCount = levelOf(failures, after);
  const byAge = levelOf(nowMs - (openedMs(incident) ?? nowMs), intervalMs ?? 0);
  return LEVELS.indexOf(byCount) >= LEVELS.indexOf(byAge) ? byCount : byAge;
}

/** Pure and patient: asked twice it answers twice the same, for what was told is in the memory by then. */
export function decideAlert(seen: AlertCase, policy: AlertPolicy, memory: AlertMemory | undefined, nowMs: Ms): AlertDecision {
  const { incident } = seen;
  if (!isOpen(incident)) return decideEnd(incident, policy, memory);
  if (!policy.tellsFailure) return nothing('it is not asked for');
  const isChronic = incident.asked?.chronic === true;
  // P28: what no fix has mended five times is told though it is ignored.
  if (incident.state === 'ignored' && !isChronic) return nothing('it is ignored');
  const level = alertLevel(seen, policy, nowMs);
  const asksHuman = incident.state === 'needs_human' || (incident.state === 'ignored' && isChronic);
  // Whoever found it tells of it, and again; only that nothing helped, and a person is needed, is news of ours.
  if (isFoundOnly(incident) && !asksHuman) return nothing('the watchman tells of it');
  if (incident.state === 'healing' && level !== 'critical') return nothing('something is at work on it');
  const told = memory?.episode === episodeOf(incident) ? memory : undefined;
  if (asksHuman && !isWithin(HUMAN_COOLDOWN_MS, memory?.human_at, nowMs)) return { tell: 'failure', level, asksHuman };
  if (seen.isSuppressed && level !== 'critical') return nothing('it is known to come and go');
  if (isWithin(policy.cooldownMs, memory?.told_at, nowMs)) return nothing('it was told not long ago');
  if (told === undefined) return isEnough(seen, policy, level) ? { tell: 'failure', level, asksHuman } : nothing(tooFew(seen, policy));
  if (LEVELS.indexOf(level) > LEVELS.indexOf(told.level)) return { tell: 'failure', level, asksHuman };
  return isReminderDue(told, level, policy, nowMs) ? { tell: 'reminder', level, asksHuman } : nothing('it was told');
}

/** When it is worth asking again though nothing happens. undefined: never. */
export function nextAlertMs(incident: Incident, memory: AlertMemory, policy: AlertPolicy, nowMs: Ms): Ms | undefined {
  const atMs = parseIso(memory.told_at) ?? 0;
  // Told by a clock that has been set back since: nobody knows how long ago that is, and no reminder waits for that clock to come again.
  const toldMs = atMs - nowMs > Math.max(policy.remindMs, policy.cooldownMs) ? 0 : atMs;
  // It was told of an earlier episode not long ago; this one has not been told for that.
  if (memory.episode !== episodeOf(incident)) return toldMs + policy.cooldownMs;
  return policy.remindMs === 0 || memory.recovered === true ? undefined : toldMs + Math.max(policy.remindMs, policy.cooldownMs);
}

function decideEnd(incident: Incident, policy: AlertPolicy, memory: AlertMemory | undefined): AlertDecision {
  if (memory === undefined || memory.recovered === true || memory.episode !== episodeOf(incident)) return nothing('nobody was told of it');
  if (incident.resolved_by !== 'proof') return nothing('a person has ended it');
  if (!policy.tellsRecovery) return nothing('recoveries are not asked for');
  return { tell: 'recovery', level: 'none', asksHuman: false };
}

export function episodeOf({ episodes, first_at }: Pick<Incident, 'episodes' | 'first_at'>): string {
  return episodes.at(-1)?.opened_at ?? first_at;
}

function openedMs(incident: Incident): Ms | undefined {
  return parseIso(episodeOf(incident));
}

function isEnough({ incident, failures }: AlertCase, { after }: AlertPolicy, level: Level): boolean {
  if (level === 'critical') return true;
  // What an account or an agent answers is charged to no tick, so only its occurrences can be counted.
  if (incident.account !== undefined || incident.provider !== undefined)
    return PERSON_CLASSES.includes(incident.detector) || (incident.episodes.at(-1)?.occurrences ?? 0) >= after;
  return failures >= after;
}

function tooFew({ failures }: AlertCase, { after }: AlertPolicy): string {
  return `${failures} of ${after} ticks failed in a row`;
}

/** A clock that was set back silences nobody. */
function isWithin(ms: Ms, at: string | undefined, nowMs: Ms): boolean {
  const atMs = parseIso(at);
  return atMs !== undefined && atMs <= nowMs && nowMs - atMs < ms;
}

function isReminderDue(told: AlertMemory, level: Level, { remindMs }: AlertPolicy, nowMs: Ms): boolean {
  if (remindMs === 0) return false;
  const atMs = parseIso(told.told_at) ?? 0;
  return nowMs - atMs >= remindMs || isTellingDue(level, { level, atMs }, nowMs);
}
