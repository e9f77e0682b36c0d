import type { Cadence } from './cadence.ts';
import { controlCadence, vanishedCadence } from './control.ts';
import type { Paths } from './paths.ts';
import { shortMark } from './text/mark.ts';

/**
 * Cadences of the program itself: no file defines them, nobody else may bear their names, and each has a lane of its own,
 * so that user work never waits for them. They are run, retried, held by breakers and logged like every other.
 *
 *     bus-control                orders
 *     bus-hook-<cadence>         what a cadence's end sets off; keyed ticks
 *     bus-notify-<sink>          delivers what lies in the outbox for one sink; plain ticks
 *     bus-chat-<sink>            reads the answers in the threads of incidents; plain ticks
 *     bus-care                   what follows a failure and its proof (core/incident/care.ts); keyed ticks, one after the other
 *     bus-probe                  does nothing: its run is the receipt that a timer of the system reaches the owner
 *     bus-ladder                 what the ladder has put off: the end of a window, of a wait for an answer; keyed ticks
 *     bus-vault                  makes the notes of the vault anew, where there is one; keyed ticks
 *     bus-watch                  who looks where a repair of the watchman did not help (core/watch/agent.ts)
 *     bus-mend-, bus-heal-, bus-diagnose-<cadence>   who mends a cadence (core/heal/cadence.ts)
 */
const PREFIX = 'bus-';
const HOOK_PREFIX = 'bus-hook-';
const NOTIFY_PREFIX = 'bus-notify-';
const CHAT_PREFIX = 'bus-chat-';
export const CARE_CADENCE = 'bus-care';
export const PROBE_CADENCE = 'bus-probe';
export const LADDER_CADENCE = 'bus-ladder';
export const VAULT_CADENCE = 'bus-vault';
const MAX_NAME = 50;

/** How many runs of the program's own lanes may be under way; 1 where nothing is said. */
export const BUILTIN_LANES: Readonly<Record<string, number>> = { 'bus-hook': 4 };

export function isBuiltin(name: string): boolean {
  return name.startsWith(PREFIX);
}

/** Hooks, notices and care: what an owner that serves one cadence serves too. */
export function isFollowUpCadence(name: string): boolean {
  return isHookCadence(name) || isNotifyCadence(name) || isCareCadence(name);
}

export function isHookCadence(name: string): boolean {
  return name.startsWith(HOOK_PREFIX);
}

export function isNotifyCadence(name: string): boolean {
  return name.startsWith(NOTIFY_PREFIX);
}

export function isCareCadence(name: string): boolean {
  return name === CARE_CADENCE;
}

/** What goes on behind the scenes: nobody has asked for it by its name. */
export function isUnasked(name: string): boolean {
  return isCareCadence(name) || name === VAULT_CADENCE;
}

export function isChatCadence(name: string): boolean {
  return name.startsWith(CHAT_PREFIX);
}

/** One broken hook holds the hooks of its own cadence, and of no other. */
export function hookCadence(cadence: string): string {
  return fittingName(HOOK_PREFIX, cadence);
}

export function notifyCadence(sinkId: string): string {
  return fittingName(NOTIFY_PREFIX, sinkId);
}

export function chatCadence(sinkId: string): string {
  return fittingName(CHAT_PREFIX, sinkId);
}

export function builtinCadence(name: string, paths: Paths): Cadence | undefined {
  if (isHookCadence(name))
    return {
      ...vanishedCadence(name, paths),
      description: 'Hooks of a cadence',
      lane: 'bus-hook',
      idleTimeoutMs: 0,
      retry: { attempts: 3, delaysMs: [10_000, 60_000], jitter: 0.25 },
    };
  if (isNotifyCadence(name))
    return {
      ...controlCadence(paths),
      name,
      description: 'Delivers the notices of one sink',
      lane: name,
      // Each notice has an end of its own (see notify/delivery.ts): the work itself is never given up.
      retry: { attempts: 1_000_000, delaysMs: [5_000, 30_000, 120_000, 600_000, 1_800_000], jitter: 0.25 },
    };
  if (isChatCadence(name))
    return {
      ...controlCadence(paths),
      name,
      description: 'Reads answers in the threads of incidents',
      lane: name,
      retry: { attempts: 1_000_000, delaysMs: [30_000, 120_000, 600_000], jitter: 0.25 },
    };
  if (isCareCadence(name))
    return {
      ...controlCadence(paths),
      name,
      description: 'Cares for failures: incidents, what is tried, who is told',
      lane: name,
      // What the disk refuses is put off uncharged; an owner that dies in the middle is no reason to care no more.
      retry: { attempts: 1_000_000, delaysMs: [1_000, 5_000, 30_000], jitter: 0.25 },
    };
  if (name === PROBE_CADENCE) return { ...controlCadence(paths), name, description: 'Shows that a timer reaches the owner', lane: name };
  if (name === VAULT_CADENCE) return { ...controlCadence(paths), name, description: 'Makes the notes of the vault anew', lane: name };
  if (name === LADDER_CADENCE) {
    const retry = { attempts: 1_000_000, delaysMs: [1_000, 5_000, 30_000], jitter: 0.25 };
    return { ...controlCadence(paths), name, description: 'What the ladder has put off', lane: name, retry };
  }
  return undefined;
}

/** A name that is too long is cut, and told from others that begin alike by a mark of the whole. */
export function fittingName(prefix: string, word: string): string {
  const whole = `${prefix}${word}`;
  return whole.length <= MAX_NAME ? whole : `${whole.slice(0, MAX_NAME - 8)}-${shortMark(word)}`;
}
