import type { Attempt } from '../heal/attempt.ts';
import type { Incident } from '../incident/incident.ts';
import type { Learned } from '../incident/learning.ts';
import type { RunRecord } from '../run.ts';
import { formatRunId, isCadenceName, parseRunId } from '../tick.ts';

/** What the vault is made of, already without secrets. */
export interface VaultSource {
  readonly root: string;
  readonly cadences: readonly { readonly name: string; readonly description: string }[];
  /** Seen last, first. */
  readonly incidents: readonly Incident[];
  /** So many older ones have no note. */
  readonly olderIncidents: number;
  readonly attempts: readonly Attempt[];
  readonly learned: readonly Learned[];
  /** Due last, first. */
  readonly dead: readonly DeadLetter[];
  readonly olderDead: number;
  /** Of those that are referred to, which are on record. */
  readonly runs: ReadonlyMap<string, RunRecord>;
}

export interface DeadLetter {
  readonly tick: string;
  readonly cadence: string;
  readonly attempts: number;
  readonly reason: string;
  readonly because: string;
  readonly died_at: string;
}

export const MOST_INCIDENTS = 500;
export const MOST_DEAD = 500;
/** Of the tries of a dead tick. */
const MOST_TRIES = 10;

export function newestIncidents<T extends Pick<Incident, 'id' | 'last_at'>>(incidents: readonly T[]): readonly T[] {
  return incidents.toSorted((a, b) => (a.last_at === b.last_at ? (a.id < b.id ? 1 : -1) : a.last_at < b.last_at ? 1 : -1)).slice(0, MOST_INCIDENTS);
}

/** The newest last. */
export function runsOfIncident({ run_ids, proof_run_id }: Pick<Incident, 'run_ids' | 'proof_run_id'>): readonly string[] {
  const ids = proof_run_id === undefined ? run_ids : [...run_ids, proof_run_id];
  return [...new Set(ids)].filter((id) => typeof id === 'string' && parseRunId(id) !== undefined);
}

export function runsOfDead({ tick, attempts }: Pick<DeadLetter, 'tick' | 'attempts'>): readonly string[] {
  const first = Math.max(1, attempts - MOST_TRIES + 1);
  return Array.from({ length: Math.max(0, attempts - first + 1) }, (_, n) => formatRunId(tick, first + n));
}

/** Which runs have a note, if they are on record. */
export function referredRuns({ incidents, dead }: Pick<VaultSource, 'incidents' | 'dead'>): ReadonlySet<string> {
  return new Set([...incidents.flatMap(runsOfIncident), ...dead.flatMap(runsOfDead)]);
}

/** Oldest first, as the ledger has them; what is told of no incident here is left out. */
export function attemptsById({ incidents, attempts }: Pick<VaultSource, 'incidents' | 'attempts'>): ReadonlyMap<string, readonly Attempt[]> {
  const byId = new Map<string, Attempt[]>(incidents.map(({ id }) => [id, []]));
  for (const attempt of attempts) byId.get(attempt.incident_id)?.push(attempt);
  return byId;
}

/** All that are named anywhere. A name that none can have has no note. */
export function cadencesOf({ cadences, incidents, dead, runs }: Pick<VaultSource, 'cadences' | 'incidents' | 'dead' | 'runs'>): readonly string[] {
  const names = [
    ...cadences.map(({ name }) => name),
    ...incidents.flatMap((incident) => [incident.cadence, ...incident.cadences]),
    ...dead.map(({ cadence }) => cadence),
    ...[...runs.values()].map(({ cadence }) => cadence),
  ];
  return [...new Set(names)].filter((name) => typeof name === 'string' && isCadenceName(name)).toSorted();
}
