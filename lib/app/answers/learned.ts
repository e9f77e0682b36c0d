import { CadenceError } from '../../core/error.ts';
import { analyze as analyzeAll } from '../../core/incident/analysis.ts';
import { type DigestEntry, digestOf, episodesOf, type Learned, learn } from '../../core/incident/learning.ts';
import { alertPolicy } from '../../core/notice/policy.ts';
import { nearest } from '../../core/text/nearest.ts';
import { toIso } from '../../core/time/instant.ts';
import { readDefined } from '../definitions/defined.ts';
import { createReading } from '../reading.ts';
import { nowMs } from '../root.ts';
import { readReloadsInVain } from '../watch/memory.ts';
import { goneSince } from './costs.ts';
import { attemptsOnFile, readIncidents } from './incident-reading.ts';

export interface LearnedView {
  readonly cadences: readonly Learned[];
  /** What was told to nobody in the last week. */
  readonly digest: readonly DigestEntry[];
}

/** What thirty days of failures say, of one cadence or of all that have failed; computed now, from the incidents on file. */
export function readLearned(root: string, only: string | undefined): LearnedView {
  const reading = createReading(root);
  const { definitions, settings } = readDefined(root);
  const atMs = nowMs();
  const episodes = episodesOf(readIncidents(reading), atMs);
  const reloads = readReloadsInVain(reading, atMs);
  const known = [...new Set([...episodes.keys(), ...reloads.names, ...definitions.map(({ name }) => name)])];
  if (only !== undefined && !known.includes(only)) {
    const close = nearest(only, known);
    throw new CadenceError('not_found', `nothing is known of ${only.slice(0, 80)}`, close === undefined ? 'See cadence-bus list.' : `Did you mean ${close}?`);
  }
  const asked = only === undefined ? [...new Set([...episodes.keys(), ...reloads.names])].sort() : [only];
  const learned = asked.map((cadence) => {
    const own = definitions.find(({ name }) => name === cadence)?.cadence?.followUps?.notify;
    const { after } = alertPolicy(settings.notify, own);
    return learn({ cadence, episodes: episodes.get(cadence) ?? [], after, reloadsInVain: reloads.of(cadence) });
  });
  // A reload or two in vain of what never failed is no news.
  const cadences = learned.filter(({ cadence, pattern }) => only !== undefined || episodes.has(cadence) || pattern !== null);
  return { cadences, digest: digestOf(cadences, atMs) };
}

const MOST_RUNS = 1_000_000;

/** A31: what fails most, what mends it, and what that costs. */
export function readAnalysis(root: string, sinceMs: number): ReturnType<typeof analyzeAll> & ReturnType<typeof goneSince> {
  const reading = createReading(root);
  const runs = reading.history.runs({ limit: MOST_RUNS, sinceMs });
  return { ...analyzeAll({ since: toIso(sinceMs), runs, incidents: readIncidents(reading), fixes: attemptsOnFile(reading) }), ...goneSince(reading, sinceMs) };
}
