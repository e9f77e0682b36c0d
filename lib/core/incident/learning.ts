import { formatDuration } from '../time/duration.ts';
import { type Ms, parseIso } from '../time/instant.ts';
import type { Incident } from './incident.ts';

/**
 * What thirty days of failures say of a cadence, as a pure fold over their episodes: computed when somebody asks, stored
 * nowhere, so that a bad week is forgotten in time. An episode goes from a failure to the proof after it.
 *
 *     reload_cycle    three times a timer was loaded anew, and it did not hold
 *     persistent      it fails on and on; or of five episodes or more, some needed a person and fewer than half healed themselves
 *     chronic_cycle   the last ten episodes or more all healed without a person: it is noise, and gathered in a weekly digest
 *     intermittent    three episodes or more
 */
export const PATTERNS = ['reload_cycle', 'persistent', 'chronic_cycle', 'intermittent'] as const;
export type Pattern = (typeof PATTERNS)[number];

export interface LearnedEpisode {
  readonly incident_id: string;
  readonly opened_at: string;
  /** null: it goes on. */
  readonly ended_at: string | null;
  readonly occurrences: number;
  readonly healed: 'itself' | 'by_a_person' | 'not_yet';
}

export interface Learned {
  readonly cadence: string;
  /** null: nothing that has a name. */
  readonly pattern: Pattern | null;
  /** Why it is called so, in a sentence. */
  readonly because: string;
  /** So many failures before somebody is told: what the cadence says, adapted. */
  readonly threshold: number;
  /** Nobody is told but in the digest; see `isSuppressed` for what is told all the same. */
  readonly suppressed: boolean;
  /** Oldest first. */
  readonly episodes: readonly LearnedEpisode[];
}

export const LEARNING_MS: Ms = 30 * 86_400_000;
const CHRONIC = 10;
const MANY = 5;
const SOME = 3;
const RELOADS = 3;
const DIGEST_MS: Ms = 7 * 86_400_000;

/** The episodes of each cadence, of an account under `account:<name>`; of the last thirty days, or under way. */
export function episodesOf(incidents: readonly Incident[], nowMs: Ms): ReadonlyMap<string, readonly LearnedEpisode[]> {
  const all = new Map<string, LearnedEpisode[]>();
  for (const { id, cadence, account, episodes } of incidents) {
    const key = account === undefined ? cadence : `account:${account}`;
    for (const { opened_at, ended_at = null, occurrences, by, asked_human } of episodes) {
      if (ended_at !== null && (parseIso(ended_at) ?? 0) < nowMs - LEARNING_MS) continue;
      const healed = ended_at === null ? 'not_yet' : by === 'proof' && asked_human !== true ? 'itself' : 'by_a_person';
      all.set(key, [...(all.get(key) ?? []), { incident_id: id, opened_at, ended_at, occurrences, healed }]);
    }
  }
  for (const list of all.values()) list.sort((a, b) => (a.opened_at < b.opened_at ? -1 : 1));
  return all;
}

export interface LearnFrom {
  readonly cadence: string;
  /** Oldest first. */
  readonly episodes: readonly LearnedEpisode[];
  /** `notify.after` of the cadence. */
  readonly after: number;
  /** How often its timer was loaded anew and stood still again. */
  readonly reloadsInVain: number;
}

export function learn({ cadence, episodes, after, reloadsInVain }: LearnFrom): Learned {
  const pattern = patternOf(episodes, reloadsInVain);
  // Who asked to be told of each failure is told of each.
  const isEach = after === 1;
  const adapted = { reload_cycle: Math.max(2, after - 1), persistent: Math.max(2, after - 1), chronic_cycle: Math.max(CHRONIC, after), intermittent: after };
  return {
    cadence,
    pattern,
    because: becauseOf(pattern, episodes, reloadsInVain),
    threshold: isEach || pattern === null ? after : pattern === 'chronic_cycle' ? adapted[pattern] : Math.min(after, adapted[pattern]),
    suppressed: !isEach && pattern === 'chronic_cycle',
    episodes,
  };
}

function patternOf(episodes: readonly LearnedEpisode[], reloadsInVain: number): Pattern | null {
  if (reloadsInVain >= RELOADS) return 'reload_cycle';
  const last = episodes.at(-1);
  if (last?.healed === 'not_yet' && last.occurrences >= SOME) return 'persistent';
  const ended = episodes.filter(({ healed }) => healed !== 'not_yet');
  const itself = ended.filter(({ healed }) => healed === 'itself').length;
  if (ended.length >= MANY && itself < ended.length && itself < ended.length / 2) return 'persistent';
  if (selfHealedInARow(ended) >= CHRONIC) return 'chronic_cycle';
  return episodes.length >= SOME ? 'intermittent' : null;
}

/** The latest of those that have ended. */
function selfHealedInARow(ended: readonly LearnedEpisode[]): number {
  const last = ended.findLastIndex(({ healed }) => healed !== 'itself');
  return ended.length - 1 - last;
}

function becauseOf(pattern: Pattern | null, episodes: readonly LearnedEpisode[], reloadsInVain: number): string {
  const ended = episodes.filter(({ healed }) => healed !== 'not_yet');
  const itself = ended.filter(({ healed }) => healed === 'itself').length;
  const told = `${episodes.length} ${episodes.length === 1 ? 'episode' : 'episodes'} in 30 days, ${itself} of ${ended.length} that are over healed without a person`;
  switch (pattern) {
    case 'reload_cycle':
      return `its timer was loaded anew ${reloadsInVain} times, and it did not hold`;
    case 'persistent':
      return episodes.at(-1)?.healed === 'not_yet' ? `it has failed ${episodes.at(-1)?.occurrences} times since it last ended well` : told;
    case 'chronic_cycle':
      return `the last ${selfHealedInARow(ended)} episodes all healed without a person`;
    case 'intermittent':
      return told;
    case null:
      return episodes.length === 0 ? 'it has not failed in 30 days' : told;
  }
}

/** What is never hidden, whatever was learned: what nothing more is tried for, and what is critically late. */
export function isSuppressed(
  learned: Pick<Learned, 'suppressed' | 'threshold'>,
  incident: Pick<Incident, 'state' | 'level' | 'occurrences' | 'episodes'>,
): boolean {
  if (!learned.suppressed || incident.state === 'needs_human' || incident.level === 'critical') return false;
  // Its pattern has changed: it does not heal as it used to.
  return (incident.episodes.at(-1)?.occurrences ?? 0) < learned.threshold;
}

/** One line of the weekly digest: what was told to nobody. */
export interface DigestEntry {
  readonly cadence: string;
  readonly episodes: number;
  readonly failures: number;
  readonly longest: string;
}

export function digestOf(learned: readonly Learned[], nowMs: Ms): readonly DigestEntry[] {
  return learned.flatMap(({ cadence, suppressed, episodes }) => {
    const quiet = episodes.filter(({ healed, ended_at }) => healed === 'itself' && (parseIso(ended_at ?? '') ?? 0) >= nowMs - DIGEST_MS);
    if (!suppressed || quiet.length === 0) return [];
    const longestMs = Math.max(...quiet.map(({ opened_at, ended_at }) => (parseIso(ended_at ?? '') ?? 0) - (parseIso(opened_at) ?? 0)));
    return [{ cadence, episodes: quiet.length, failures: quiet.reduce((sum, { occurrences }) => sum + occurrences, 0), longest: formatDuration(longestMs) }];
  });
}
