import { listDeadEnd } from '../app/answers/dead-ticks.ts';
import { lookupHeld } from '../app/answers/held-record.ts';
import { withHooks } from '../app/answers/hook-results.ts';
import { incidentOfTick, listIncidents, showIncident } from '../app/answers/incident-reading.ts';
import { readLogEnds } from '../app/answers/log-end.ts';
import { readStatus } from '../app/answers/status.ts';
import { readTop } from '../app/answers/top-view.ts';
import { explainWhy } from '../app/answers/why.ts';
import { hasOutput, idOfOutput } from '../app/following.ts';
import type { Shown } from '../app/live.ts';
import type { PageRow, PageWords } from '../app/page-words.ts';
import { createReading } from '../app/reading.ts';
import { CadenceError } from '../core/error.ts';
import { isIncidentId } from '../core/incident/incident.ts';
import type { RunRecord } from '../core/run.ts';
import { beginning } from '../core/text/excerpt.ts';
import { shellWord } from '../core/text/shell-word.ts';
import { CONTROL_CADENCE, isCadenceName, isTickId, parseRunId } from '../core/tick.ts';
import type { Ms } from '../core/time/instant.ts';
import { soonest } from '../core/time/soonest.ts';
import { commands, link, list, painted, section, text, words } from './html.ts';
import type { Page } from './template.ts';
import { vaultPage } from './vault-pages.ts';

export interface PageDeps {
  readonly root: string;
  readonly words: PageWords;
  readonly redact: (text: string) => string;
  readonly nowMs: () => Ms;
}

const MOST_ROWS = 100;
/** What is to come by itself must not push what has happened out of sight. */
const MOST_OF: Readonly<Record<string, number>> = { Next: 8, Waiting: 20 };
const MOST_REPORT_CHARACTERS = 256 * 1024;

/** By what stands in the address. An id is no path: it is one that the answers know, or there is no such page. */
export async function pageAt(deps: PageDeps, path: string): Promise<Page> {
  const [, kind, id] = /^\/(cadence|run|incident)\/([A-Za-z0-9.-]{1,200})$/.exec(path) ?? [];
  if (kind === 'cadence' && isCadenceName(id ?? '')) return cadencePage(deps, id ?? '');
  if (kind === 'run' && id !== undefined && (isTickId(id) || parseRunId(id) !== undefined)) return runPage(deps, id);
  if (kind === 'incident' && isIncidentId(id ?? '')) return incidentPage(deps, id ?? '');
  const note = vaultPage(deps.root, path, (words) => inRoot(deps, words));
  if (note !== undefined) return note;
  switch (path) {
    case '/':
      return { title: 'now', main: nowPage(deps, { view: await readTop(deps.root), refused: undefined }).html, isLive: true };
    case '/cadences':
      return cadencesPage(deps);
    case '/runs':
      return runsPage(deps);
    case '/incidents':
      return incidentsPage(deps);
    case '/dlq':
      return deadPage(deps);
    default:
      throw new CadenceError('not_found', 'there is no such page', 'What there is stands above: now, cadences, runs, incidents, dlq, vault.');
  }
}

/** Of this root, wherever it is pasted. */
function inRoot({ root }: Pick<PageDeps, 'root'>, words: string): string {
  return `${words} --root ${shellWord(root)}`;
}

interface Now {
  readonly html: string;
  /** After how long it is another one, though nothing happens. */
  readonly movesInMs: Ms | undefined;
}

/** What `top` shows. Of what a run says last, which stands in no record yet, the secrets are left out. */
export function nowPage(deps: PageDeps, { view, refused }: Shown): Now {
  const running = view.running.map((run) => ({ ...run, last_line: deps.redact(run.last_line.replace(/\S*…$/, '…')) }));
  const shown = { view: { ...view, running }, refused };
  const head = deps.words.head(view).map((line) => `<p>${painted(line)}</p>`);
  const sections = deps.words.sections(shown, deps.nowMs());
  const steps = deps.words.steps(view).map((step) => inRoot(deps, step));
  const told = sections.map((one) => section(one, MOST_OF[one.label] ?? MOST_ROWS, inRoot(deps, 'cadence-bus top --once'))).join('');
  return {
    html: `${head.join('')}${told}<section><h2>Next step</h2>${commands(steps)}</section>`,
    movesInMs: soonest(sections.flatMap(({ rows }) => rows.map(({ movesInMs }) => movesInMs))),
  };
}

async function cadencesPage({ root, words: say }: PageDeps): Promise<Page> {
  const { cadences } = await readStatus(root, undefined);
  const rows = cadences.map((one): PageRow => ({ cells: say.cadence(one).map((cell) => cell.trim()), to: { kind: 'cadence', id: one.name, cell: 1 } }));
  return {
    title: 'cadences',
    main: heading('Cadences') + (rows.length === 0 ? '<p>No cadence is defined.</p>' : list({ title: 'All', count: rows.length, rows })),
  };
}

function heading(title: string): string {
  return `<h1>${text(title)}</h1>`;
}

async function cadencePage(deps: PageDeps, name: string): Promise<Page> {
  const { root, words: say } = deps;
  const why = await explainWhy(root, name, { at: undefined, sinceMs: undefined });
  const slots = why.slots.toReversed().map(
    ({ at, end, because, run_id }): PageRow => ({
      cells: [at.replace('T', ' ').slice(0, 16), say.slotEnd(end), because.split('\n', 1)[0] ?? '', run_id ?? ''],
      ...(run_id === null ? {} : { to: { kind: 'run', id: run_id, cell: 3 } }),
    }),
  );
  const runs = createReading(root).runs({ cadence: name, limit: 20 });
  // It may name a secret, where somebody has written one into the file.
  const definition = deps.redact(await say.definition(name));
  const main = [
    heading(name),
    `<ul class="facts">${why.facts.map((fact) => `<li>${withIncident(text(fact))}</li>`).join('')}</ul>`,
    `<section><h2>Next step</h2>${commands([inRoot(deps, say.whyStep(why))])}</section>`,
    slots.length === 0 ? '' : list({ title: 'Times of its schedule, newest first, UTC', rows: slots }),
    runs.length === 0 ? '' : list({ title: 'Runs, newest first', rows: runs.map((run) => runRow(deps, run)) }),
    definition === '' ? '' : words('Definition', definition),
  ];
  return { title: name, main: main.join('') };
}

/** `why` names it at the beginning of a fact of its own. */
function withIncident(fact: string): string {
  return fact.replace(/^incident ([A-Za-z0-9.-]+) is /, (_all, id: string) => `incident ${link({ kind: 'incident', id }, id)} is `);
}

function runRow({ words: say }: PageDeps, run: RunRecord): PageRow {
  return { cells: say.run(run), to: { kind: 'run', id: run.run_id, cell: 3 } };
}

function runsPage(deps: PageDeps): Page {
  const runs = createReading(deps.root).runs({ limit: MOST_ROWS });
  const more = runs.length < MOST_ROWS ? '' : `The newest ${MOST_ROWS}; more of them: ${inRoot(deps, 'cadence-bus runs --limit 1000')}`;
  const body = runs.length === 0 ? '<p>No run has ended yet.</p>' : list({ title: 'Newest first', rows: runs.map((run) => runRow(deps, run)), more });
  return { title: 'runs', main: heading('Runs') + body };
}

async function runPage(deps: PageDeps, id: string): Promise<Page> {
  const { root } = deps;
  const run = await withHooks(root, await lookupHeld(root, id));
  const incident = incidentOfTick(createReading(root), run.tick);
  const said = idOfOutput(run);
  const steps = [
    ...(said === undefined ? [] : [`cadence-bus logs ${said}`]),
    ...(run.status === 'dead' ? [`cadence-bus dlq retry ${run.tick}`] : []),
    ...(run.ended_at === null ? [`cadence-bus wait ${run.run_id}`] : []),
  ];
  const cadence = run.cadence === CONTROL_CADENCE ? '' : `<p>${link({ kind: 'cadence', id: run.cadence }, text(run.cadence))}</p>`;
  const main = [
    heading(`Run ${run.run_id}`),
    cadence,
    incident === undefined ? '' : `<p>Its failure is on file: ${link({ kind: 'incident', id: incident }, text(incident))}</p>`,
    words('Record', deps.words.record(run)),
    outputs(deps, run, said),
    steps.length === 0 ? '' : `<section><h2>Next step</h2>${commands(steps.map((step) => inRoot(deps, step)))}</section>`,
  ];
  return { title: `run ${run.run_id}`, main: main.join('') };
}

function outputs({ root, redact }: PageDeps, run: RunRecord, id: string | undefined): string {
  if (id === undefined || !hasOutput(run)) return '<p>It has no output of its own.</p>';
  const ends = readLogEnds(root, run, id, redact).filter(({ text: said }) => said !== '');
  if (ends.length === 0)
    return `<p>${run.status === 'running' ? 'It has said nothing yet.' : 'It has said nothing, or what it said is not kept any more.'}</p>`;
  return ends.map(({ stream, text: said, isCut }) => words(`${stream}${isCut ? ', the end of it; all of it: the command below' : ''}`, said)).join('');
}

function incidentsPage(deps: PageDeps): Page {
  const { shown, others } = listIncidents(deps.root, { state: undefined, cadence: undefined, sinceMs: undefined });
  const rows = shown.slice(0, MOST_ROWS).map((one): PageRow => ({ cells: deps.words.incident(one), to: { kind: 'incident', id: one.id, cell: 1 } }));
  const left = shown.length - rows.length;
  const main = [
    heading('Incidents'),
    rows.length === 0
      ? '<p>Nothing is open.</p>'
      : list({ title: 'Not resolved', count: shown.length, rows, more: left === 0 ? '' : `and ${left} more, not shown here` }),
    others + left === 0 ? '' : `<section><h2>All that are on file</h2>${commands([inRoot(deps, 'cadence-bus incidents ls --state all')])}</section>`,
  ];
  return { title: 'incidents', main: main.join('') };
}

function incidentPage(deps: PageDeps, id: string): Page {
  const { view, report, files, tried } = showIncident(deps.root, id);
  const isOver = view.state === 'resolved';
  const steps = [...(view.state === 'needs_human' ? ['approve'] : []), ...(isOver ? [] : ['resolve', 'ignore'])].map(
    (what) => `cadence-bus incidents ${what} ${view.id}`,
  );
  const told = beginning(report, MOST_REPORT_CHARACTERS);
  const tries = tried.slice(-MOST_ROWS).map(({ timestamp, source, status, description }): PageRow => ({ cells: [timestamp, source, status, description] }));
  const main = [
    heading(view.id),
    `<p>${view.cadences.map((one) => link({ kind: 'cadence', id: one }, text(one))).join(', ')}: ${text(view.state.replace('_', ' '))}, ${view.occurrences}×</p>`,
    steps.length === 0 ? '' : `<section><h2>What you can do</h2>${commands(steps.map((step) => inRoot(deps, step)))}</section>`,
    words(told.length < report.length ? 'report.md, its beginning' : 'report.md', told === '' ? 'It has no report.' : told),
    tries.length === 0 ? '' : list({ title: 'What was tried', rows: tries }),
    view.run_ids.length === 0 ? '' : list({ title: 'Its runs', rows: view.run_ids.slice(-MOST_ROWS).map(toRun) }),
    words('Files', [view.path, ...files.map((file) => `  ${file}`)].join('\n')),
  ];
  return { title: view.id, main: main.join('') };
}

function toRun(id: string): PageRow {
  return { cells: [id], to: { kind: 'run', id, cell: 0 } };
}

function deadPage(deps: PageDeps): Page {
  const { dead, total } = listDeadEnd(deps.root, MOST_ROWS);
  if (total === 0) return { title: 'dlq', main: `${heading('Given up')}<p>Nothing is dead.</p>` };
  const items = dead.toReversed().map(({ tick, cadence, reason, attempts, because, died_at }) => {
    const when = died_at === '' ? '' : `, ${text(died_at)}`;
    const tries = `${attempts} ${attempts === 1 ? 'try' : 'tries'}`;
    const revive = commands([inRoot(deps, `cadence-bus dlq retry ${tick}`)]);
    return `<section><h2>${link({ kind: 'cadence', id: cadence }, text(cadence))} ${link({ kind: 'run', id: tick }, text(tick))}</h2><p>${text(reason)}, ${tries}${when}: ${text(beginning(because, 500))}</p>${revive}</section>`;
  });
  const count =
    total === dead.length ? `${total} dead` : `${total} dead; here are the ${dead.length} that were due last. All of them: ${inRoot(deps, 'cadence-bus dlq')}`;
  return { title: 'dlq', main: `${heading('Given up')}<p>${text(count)}</p>${items.join('')}` };
}

export function errorPage({ message, hint }: Pick<CadenceError, 'message' | 'hint'>): Page {
  return { title: 'not to be shown', main: `${heading('This cannot be shown')}<p>${text(message)}</p><p>${text(hint)}</p>` };
}
