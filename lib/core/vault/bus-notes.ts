import type { Incident } from '../incident/incident.ts';
import { isOpen } from '../incident/incident.ts';
import type { Learned, LearnedEpisode, Pattern } from '../incident/learning.ts';
import type { RunRecord } from '../run.ts';
import { isCadenceName } from '../tick.ts';
import { cadencePath, deadPath, incidentPath, patternPath, runPath } from './incident-notes.ts';
import { block, bullets, code, instant, type Link, type Note, section, tag, word } from './note.ts';
import { type DeadLetter, runsOfDead } from './source.ts';

export interface CadenceParts {
  readonly name: string;
  /** undefined: no file defines it. */
  readonly description: string | undefined;
  readonly incidents: readonly Incident[];
  readonly dead: readonly DeadLetter[];
  readonly learned: Learned | undefined;
}

export function cadenceNote({ name, description, incidents, dead, learned }: CadenceParts, link: Link): Note {
  const open = incidents.filter(isOpen);
  const over = incidents.filter((incident) => !isOpen(incident));
  const pattern = learned?.pattern ?? null;
  const status = open.length > 0 ? 'failing' : 'well';
  return {
    path: cadencePath(name),
    type: 'cadence',
    front: {
      cadence: name,
      status,
      defined: description === undefined ? 'no' : 'yes',
      pattern,
      open_incidents: open.length,
      incidents: incidents.length,
      dead: dead.length,
    },
    tags: [tag('cadence', name), tag('status', status), ...(pattern === null ? [] : [tag('pattern', pattern)])],
    title: name,
    body: [
      ...(description === undefined ? [name.startsWith('bus-') ? 'A cadence of the bus itself.' : 'No file defines it any more.'] : []),
      ...(description === undefined || description === '' ? [] : [code(description)]),
      ...(pattern === null ? [] : [`Pattern: ${link(patternPath(pattern), pattern)}, for ${learned?.because}.`]),
      ...section(
        'Open',
        open.map((incident) => incidentLine(incident, link)),
      ),
      ...section(
        'Over',
        over.map((incident) => incidentLine(incident, link)),
      ),
      ...section(
        'Given up',
        dead.map((letter) => deadLine(letter, link)),
      ),
      ...(incidents.length + dead.length === 0 ? ['Nothing of it has failed that is on file.'] : []),
      '## More',
      `What it does, and why it did not: \`cadence-bus why ${name}\``,
    ],
  };
}

export function incidentLine({ id, title, state, occurrences, last_at }: Incident, link: Link): string {
  return `${link(incidentPath(id))} ${word(state)}, ${occurrences}×, last ${instant(last_at)}: ${code(title)}`;
}

export function deadLine({ tick, reason, attempts, died_at, because }: DeadLetter, link: Link): string {
  const when = died_at === '' ? '' : `, ${instant(died_at)}`;
  return `${link(deadPath(tick))} ${word(reason)} after ${attempts} ${attempts === 1 ? 'try' : 'tries'}${when}${because === '' ? '' : `: ${code(because)}`}`;
}

const MEANINGS: Readonly<Record<Pattern, string>> = {
  reload_cycle: 'A timer was loaded anew three times, and it did not hold.',
  persistent: 'It fails on and on, or mostly needs a person to be mended.',
  chronic_cycle: 'It fails and heals by itself again and again: only the weekly digest tells of it.',
  intermittent: 'It fails now and then.',
};

/** What `learn` says, one note for each word it has, over all cadences of which it is said now. */
export function patternNote(pattern: Pattern, learned: readonly Learned[], link: Link): Note {
  return {
    path: patternPath(pattern),
    type: 'pattern',
    front: { pattern, status: 'holds', cadences: learned.map(({ cadence }) => cadence) },
    tags: [tag('pattern', pattern), ...learned.map(({ cadence }) => tag('cadence', cadence))],
    title: word(pattern),
    body: [
      `${MEANINGS[pattern]} This is what the failures of the last 30 days say.`,
      ...learned.flatMap(({ cadence, because, episodes }) => [
        `## ${isCadenceName(cadence) ? link(cadencePath(cadence)) : code(cadence)}`,
        `${because}.`,
        bullets(
          episodes
            .slice(-MOST_EPISODES)
            .toReversed()
            .map((episode) => episodeLine(episode, link)),
        ),
      ]),
      '## More',
      'All of it: `cadence-bus learn`',
    ].filter((part) => part !== ''),
  };
}

const MOST_EPISODES = 12;
const HEALED: Readonly<Record<LearnedEpisode['healed'], string>> = { itself: 'healed itself', by_a_person: 'needed a person', not_yet: 'goes on' };

function episodeLine({ incident_id, opened_at, ended_at, occurrences, healed }: LearnedEpisode, link: Link): string {
  const end = ended_at === null ? '' : ` until ${instant(ended_at)}`;
  return `${instant(opened_at)}${end}: ${occurrences}×, ${HEALED[healed]}, ${link(incidentPath(incident_id))}`;
}

export interface RunParts {
  readonly run: RunRecord;
  readonly incidents: readonly Incident[];
  readonly dead: DeadLetter | undefined;
}

export function runNote({ run, incidents, dead }: RunParts, link: Link): Note {
  const { run_id, cadence, tick, attempt, status, reason, started_at, ended_at, exit_code, stderr_tail = '' } = run;
  const facts = [
    `cadence: ${link(cadencePath(cadence))}`,
    `status: ${word(status)}${exit_code === null ? '' : `, exit ${exit_code}`}`,
    `try ${attempt} of its tick, from ${instant(started_at)}${ended_at === null ? '' : ` to ${instant(ended_at)}`}`,
    ...incidents.map(({ id, proof_run_id }) => `${proof_run_id === run_id ? 'proves to be over' : 'its failure is on file in'}: ${link(incidentPath(id))}`),
    ...(dead === undefined ? [] : [`its tick was given up: ${link(deadPath(dead.tick))}`]),
  ];
  return {
    path: runPath(run_id),
    type: 'run',
    front: { run_id, cadence, tick, attempt, status, started_at, ended_at, exit_code },
    tags: [tag('cadence', cadence), tag('status', status)],
    title: `Run ${run_id}`,
    body: [
      bullets(facts),
      ...(reason === '' ? [] : ['## Why it ended so', block(reason)]),
      ...(stderr_tail === '' ? [] : ['## Its last words', block(stderr_tail)]),
      '## More',
      `All that it said: \`cadence-bus logs ${run_id}\``,
    ],
  };
}

export interface DeadParts {
  readonly letter: DeadLetter;
  readonly incident: Incident | undefined;
  readonly runs: ReadonlyMap<string, RunRecord>;
}

export function deadNote({ letter, incident, runs }: DeadParts, link: Link): Note {
  const { tick, cadence, reason, attempts, died_at, because } = letter;
  const tries = runsOfDead(letter).filter((id) => runs.has(id));
  const facts = [
    `cadence: ${link(cadencePath(cadence))}`,
    `given up: ${word(reason)} after ${attempts} ${attempts === 1 ? 'try' : 'tries'}${died_at === '' ? '' : `, ${instant(died_at)}`}`,
    ...(incident === undefined ? [] : [`incident: ${link(incidentPath(incident.id), incident.id)}`]),
  ];
  return {
    path: deadPath(tick),
    type: 'dead',
    front: { tick, cadence, status: 'dead', reason, attempts, died_at: died_at === '' ? null : died_at },
    tags: [tag('cadence', cadence), tag('reason', reason), 'dead'],
    title: `Given up: ${tick}`,
    body: [
      bullets(facts),
      ...(because === '' ? [] : ['## Why', block(because)]),
      ...section(
        'Its runs, newest first',
        tries.toReversed().map((id) => `${link(runPath(id))} ${word(runs.get(id)?.status ?? '')}`),
      ),
      '## What you can do',
      `\`cadence-bus dlq retry ${tick}\` gives it back, \`cadence-bus dlq purge ${tick}\` throws it away.`,
    ],
  };
}
