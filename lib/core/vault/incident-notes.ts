import type { Attempt, AttemptStatus } from '../heal/attempt.ts';
import type { Incident } from '../incident/incident.ts';
import type { Learned } from '../incident/learning.ts';
import type { RunRecord } from '../run.ts';
import { block, bullets, code, instant, type Link, type Note, section, tag, word } from './note.ts';
import { runsOfIncident } from './source.ts';

export const incidentPath = (id: string): string => `incidents/${id}`;
export const attemptPath = (id: string, n: number): string => `attempts/${id}-${n}`;
export const cadencePath = (name: string): string => `cadences/${name}`;
export const runPath = (id: string): string => `runs/${id}`;
export const patternPath = (pattern: string): string => `patterns/${pattern}`;
export const deadPath = (tick: string): string => `dead/${tick}`;

/** Of an account, what is learned stands under the account's name. */
export const learnedName = ({ cadence, account }: Pick<Incident, 'cadence' | 'account'>): string => (account === undefined ? cadence : `account:${account}`);

export interface IncidentParts {
  readonly incident: Incident;
  readonly tried: readonly Attempt[];
  readonly learned: Learned | undefined;
  readonly runs: ReadonlyMap<string, RunRecord>;
}

export function incidentNote({ incident, tried, learned, runs }: IncidentParts, link: Link): Note {
  const { id, state, detector, title, occurrences, first_at, last_at, resolved_at, resolved_by, level, asked, cadences } = incident;
  const pattern = learned?.pattern ?? null;
  const facts = [
    `cadence: ${cadences.map((name) => link(cadencePath(name))).join(', ')}`,
    `state: ${word(state)}${resolved_at === undefined ? '' : ` ${instant(resolved_at)}, by ${word(String(resolved_by))}`}`,
    `seen: ${occurrences} ${occurrences === 1 ? 'time' : 'times'}, first ${instant(first_at)}, last ${instant(last_at)}`,
    `detector: ${word(detector)}`,
    ...(incident.ignored_until === undefined || state !== 'ignored' ? [] : [`ignored until ${instant(incident.ignored_until)}`]),
    ...(asked === undefined ? [] : [`a person was asked ${instant(asked.at)}: ${code(asked.because)}`]),
    ...(pattern === null ? [] : [`pattern: ${link(patternPath(pattern), pattern)}, for ${learned?.because}`]),
  ];
  return {
    path: incidentPath(id),
    type: 'incident',
    front: {
      ...{ id, title, cadence: cadences.length > 1 ? cadences : incident.cadence, detector, status: state, level, first_at, last_at, resolved_at, resolved_by },
      ...{ occurrences, attempts: tried.length },
    },
    tags: [
      ...cadences.map((name) => tag('cadence', name)),
      tag('detector', detector),
      tag('state', state),
      ...(pattern === null ? [] : [tag('pattern', pattern)]),
    ],
    title: code(title),
    body: [
      bullets(facts),
      ...section(
        'What was tried',
        tried.map((attempt, n) => attemptLine(id, attempt, n + 1, link)),
      ),
      ...section(
        'Its runs, newest first',
        runsOfIncident(incident)
          .toReversed()
          .map((run) => runLine(run, runs.get(run), run === incident.proof_run_id, link)),
      ),
      ...section('Each time it came', episodeLines(incident)),
      '## More',
      `Its evidence, with the stack trace and the log around the place: \`cadence-bus incidents show ${id}\``,
    ],
  };
}

function attemptLine(id: string, { timestamp, source, status, description }: Attempt, n: number, link: Link): string {
  return `${link(attemptPath(id, n), `attempt ${n}`)} ${instant(timestamp)}, ${word(source)}: ${OUTCOMES[status].word}, ${code(description)}`;
}

function runLine(id: string, run: RunRecord | undefined, isProof: boolean, link: Link): string {
  const what = run === undefined ? 'on record no more, or behind very many others' : `${word(run.status)} ${instant(run.ended_at ?? run.started_at)}`;
  return `${link(runPath(id))} ${what}${isProof ? ', which proves that it is over' : ''}`;
}

function episodeLines({ episodes }: Incident): readonly string[] {
  return episodes.toReversed().map(({ opened_at, ended_at, occurrences, by, asked_human }) => {
    const end = ended_at === undefined ? 'and it goes on' : `until ${instant(ended_at)}, by ${word(String(by))}`;
    return `${instant(opened_at)}: ${occurrences} ${occurrences === 1 ? 'time' : 'times'}, ${end}${asked_human === true ? '; a person was asked' : ''}`;
  });
}

/** What came of an attempt, as a word and as a sentence. */
const OUTCOMES: Readonly<Record<AttemptStatus, { readonly word: string; readonly told: string }>> = {
  pending: { word: 'pending', told: 'It is at work, or what it did has not been proven yet.' },
  kept: { word: 'kept', told: 'A run ended well after it, and the failure did not come back: it was kept.' },
  recurred: { word: 'kept, then recurred', told: 'It was kept, and the same failure came back within 7 days.' },
  regressed: { word: 'regressed (undone)', told: 'The same failure came back before anything proved it: it was undone.' },
  crashed: { word: 'crashed', told: 'It came to nothing.' },
};

export function attemptNotes({ incident, tried }: Pick<IncidentParts, 'incident' | 'tried'>, link: Link): readonly Note[] {
  return tried.map((attempt, index) => attemptNote(incident, attempt, { n: index + 1, last: tried.length }, link));
}

function attemptNote(incident: Incident, attempt: Attempt, { n, last }: { readonly n: number; readonly last: number }, link: Link): Note {
  const { id, cadence, proof_run_id: proof } = incident;
  const { timestamp, source, status, duration, description, branch, detector } = attempt;
  const isProven = status === 'kept' && n === last && proof !== undefined;
  const facts = [
    `incident: ${link(incidentPath(id), id)}`,
    `cadence: ${link(cadencePath(cadence))}`,
    `tried by: ${triedBy(source)}`,
    `began: ${instant(timestamp)}${duration === 0 ? '' : `, and took ${duration} s`}`,
    ...(branch === '' ? [] : [`branch: ${code(branch)}`]),
    `outcome: ${OUTCOMES[status].word}. ${OUTCOMES[status].told}${isProven ? ` The proof: ${link(runPath(proof))}.` : ''}`,
    ...(n === 1 ? [] : [`before it: ${link(attemptPath(id, n - 1), `attempt ${n - 1}`)}`]),
    ...(n === last ? [] : [`after it: ${link(attemptPath(id, n + 1), `attempt ${n + 1}`)}`]),
  ];
  return {
    path: attemptPath(id, n),
    type: 'attempt',
    front: { incident: id, cadence, n, source, detector, status, began_at: timestamp, seconds: duration },
    tags: [tag('cadence', cadence), tag('detector', detector), tag('outcome', status), tag('source', source.split(':')[0] ?? '')],
    title: `Attempt ${n} of ${last}: ${word(source)}, ${OUTCOMES[status].word}`,
    body: [bullets(facts), '## What was done', block(description)],
  };
}

function triedBy(source: string): string {
  if (source === 'human') return 'a person';
  if (source === 'agent' || source === 'session') return `an agent (${word(source)})`;
  return source.startsWith('rule:') ? `a rule (${code(source.slice('rule:'.length))})` : word(source);
}
