import { PATTERNS } from '../incident/learning.ts';
import { cadenceNote, deadNote, patternNote, runNote } from './bus-notes.ts';
import { attemptNotes, attemptPath, cadencePath, deadPath, incidentNote, incidentPath, learnedName, patternPath, runPath } from './incident-notes.ts';
import { graphNote, indexNote } from './index-notes.ts';
import { createLink, formatNote, type Note } from './note.ts';
import { attemptsById, cadencesOf, referredRuns, runsOfDead, runsOfIncident, type VaultSource } from './source.ts';

/** All notes of the vault, with their path in it, one after the other: the same state, the same bytes. Each link in them leads to one of them. */
export function* renderVault(source: VaultSource): Generator<readonly [path: string, text: string]> {
  for (const note of composeNotes(source)) yield [`${note.path}.md`, formatNote(note)];
}

function* composeNotes(source: VaultSource): Generator<Note> {
  const { incidents, learned, dead, runs, cadences } = source;
  const tried = attemptsById(source);
  const triedOf = (id: string) => tried.get(id) ?? [];
  const names = cadencesOf(source);
  const patterns = PATTERNS.filter((pattern) => learned.some((one) => one.pattern === pattern));
  const shownRuns = [...referredRuns(source)].flatMap((id) => runs.get(id) ?? []);
  const learnedOf = (name: string) => learned.find(({ cadence }) => cadence === name);
  const link = createLink(
    new Set([
      ...['index', 'graph'],
      ...names.map(cadencePath),
      ...incidents.map(({ id }) => incidentPath(id)),
      ...incidents.flatMap(({ id }) => triedOf(id).map((_attempt, n) => attemptPath(id, n + 1))),
      ...patterns.map(patternPath),
      ...shownRuns.map(({ run_id }) => runPath(run_id)),
      ...dead.map(({ tick }) => deadPath(tick)),
    ]),
  );
  const ofRun = byRun(source);
  for (const name of names) {
    const description = cadences.find((one) => one.name === name)?.description;
    const [own, given] = [incidents.filter((one) => one.cadences.includes(name)), dead.filter(({ cadence }) => cadence === name)];
    yield cadenceNote({ name, description, incidents: own, dead: given, learned: learnedOf(name) }, link);
  }
  for (const incident of incidents) {
    const parts = { incident, tried: triedOf(incident.id), learned: learnedOf(learnedName(incident)), runs };
    yield incidentNote(parts, link);
    yield* attemptNotes(parts, link);
  }
  for (const pattern of patterns) {
    const holds = learned.filter((one) => one.pattern === pattern);
    yield patternNote(pattern, holds, link);
  }
  for (const run of shownRuns) yield runNote({ run, incidents: ofRun.incidents(run.run_id), dead: ofRun.dead(run.run_id) }, link);
  for (const letter of dead) yield deadNote({ letter, incident: runsOfDead(letter).flatMap(ofRun.incidents).at(-1), runs }, link);
  yield graphNote(source, link);
  yield indexNote(source, patterns, link);
}

/** Who refers to a run. */
function byRun({ incidents, dead }: Pick<VaultSource, 'incidents' | 'dead'>) {
  const ofIncidents = new Map<string, VaultSource['incidents'][number][]>();
  for (const incident of incidents) for (const id of runsOfIncident(incident)) ofIncidents.set(id, [...(ofIncidents.get(id) ?? []), incident]);
  const ofDead = new Map(dead.flatMap((letter) => runsOfDead(letter).map((id) => [id, letter] as const)));
  return {
    incidents: (id: string) => ofIncidents.get(id) ?? [],
    dead: (id: string) => ofDead.get(id),
  };
}
