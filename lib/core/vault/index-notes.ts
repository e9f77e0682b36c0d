import { isOpen } from '../incident/incident.ts';
import type { Pattern } from '../incident/learning.ts';
import { deadLine, incidentLine } from './bus-notes.ts';
import { cadencePath, incidentPath, patternPath } from './incident-notes.ts';
import { code, type Link, type Note, section } from './note.ts';
import { attemptsById, cadencesOf, MOST_DEAD, MOST_INCIDENTS, runsOfIncident, type VaultSource } from './source.ts';

const MOST_ROWS = 100;

export function indexNote(source: VaultSource, patterns: readonly Pattern[], link: Link): Note {
  const { incidents, dead } = source;
  const [open, over] = [incidents.filter(isOpen), incidents.filter((incident) => !isOpen(incident))];
  const cadences = cadencesOf(source);
  return {
    path: 'index',
    type: 'index',
    front: {
      title: 'cadence-bus vault',
      root: source.root,
      status: open.length > 0 ? 'failing' : 'well',
      open_incidents: open.length,
      incidents: incidents.length,
      dead: dead.length,
    },
    tags: ['cadence-bus'],
    title: 'cadence-bus vault',
    body: [
      `What failed in ${code(source.root)}, what was tried, and what came of it. As a picture: ${link('graph', 'the graph')}.`,
      'These notes are made from the files of the bus by `cadence-bus vault`, and made anew by it, and by the owner once a day and after an incident has changed: what you write into them is written over. Notes of your own, beside them or in folders of your own, are left alone; so is a note of which you take the line `generated_by` away, and its place is not written to then.',
      ...section(
        'Open',
        open.map((incident) => incidentLine(incident, link)),
        MOST_ROWS,
      ),
      ...(open.length === 0 ? ['Nothing is open.'] : []),
      ...section(
        'Patterns',
        patterns.map((pattern) => link(patternPath(pattern), pattern)),
      ),
      ...section(
        'Given up',
        dead.map((letter) => deadLine(letter, link)),
        MOST_ROWS,
      ),
      ...section(
        'Cadences',
        cadences.map((name) => link(cadencePath(name))),
      ),
      ...section(
        'Over',
        over.map((incident) => incidentLine(incident, link)),
        MOST_ROWS,
      ),
      ...leftOut(source),
    ],
  };
}

function leftOut({ olderIncidents, olderDead }: VaultSource): readonly string[] {
  return [
    ...(olderIncidents === 0
      ? []
      : [`The newest ${MOST_INCIDENTS} incidents have a note; ${olderIncidents} older ones have none: \`cadence-bus incidents ls --state all\``]),
    ...(olderDead === 0 ? [] : [`The newest ${MOST_DEAD} that were given up have a note; ${olderDead} older ones have none: \`cadence-bus dlq\``]),
  ];
}

/** What Mermaid draws without being told to draw more. */
const MOST_IN_GRAPH = 40;
const MOST_RUNS = 3;
const MOST_TRIES = 5;

/** run → incident → attempt → outcome. A name in it has letters, digits, `-` and `_` alone. */
function graphText(source: VaultSource): string {
  const tried = attemptsById(source);
  const outcomes = new Set<string>();
  const lines: string[] = [];
  for (const [n, incident] of source.incidents.slice(0, MOST_IN_GRAPH).entries()) {
    lines.push(`  i${n}["${safe(incident.id)}"]`);
    for (const run of runsOfIncident({ run_ids: incident.run_ids }).slice(-MOST_RUNS)) lines.push(`  r${safe(run).replace('-', '_')}["run ${run}"] --> i${n}`);
    const tries = tried.get(incident.id) ?? [];
    for (const [index, { source: by, status }] of tries.entries()) {
      if (index < tries.length - MOST_TRIES) continue;
      outcomes.add(status);
      lines.push(`  i${n} --> a${n}_${index + 1}["attempt ${index + 1}, ${safe(by)}"] --> o_${status}`);
    }
    if (tries.length === 0) outcomes.add(safe(incident.state));
    if (tries.length === 0) lines.push(`  i${n} --> o_${safe(incident.state)}`);
  }
  return ['graph TD', ...[...outcomes].toSorted().map((outcome) => `  o_${outcome}(("${outcome}"))`), ...lines].join('\n');
}

function safe(text: string): string {
  return text.replace(/[^A-Za-z0-9_-]+/g, '_').slice(0, 140);
}

export function graphNote(source: VaultSource, link: Link): Note {
  const left = source.incidents.length - MOST_IN_GRAPH;
  const shown = source.incidents.slice(0, MOST_IN_GRAPH).map(({ id }) => link(incidentPath(id)));
  return {
    path: 'graph',
    type: 'graph',
    front: { title: 'run, incident, attempt, outcome', incidents: shown.length },
    tags: ['cadence-bus'],
    title: 'Graph',
    body: [
      `Each run that failed, its incident, what was tried, what came of it; an incident for which nothing was tried leads to how it stands. Back to ${link('index', 'the index')}.`,
      ...(source.incidents.length === 0 ? ['Nothing has failed that is on file.'] : [`\`\`\`mermaid\n${graphText(source)}\n\`\`\``]),
      ...(left > 0 ? [`The newest ${MOST_IN_GRAPH} incidents are drawn; ${left} are not.`] : []),
      ...section('Incidents in it', shown),
    ],
  };
}
