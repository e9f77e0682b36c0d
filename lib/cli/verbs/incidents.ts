import { findIncident, type IncidentView, listIncidents, showIncident } from '../../app/answers/incident-reading.ts';
import { hasOutput } from '../../app/following.ts';
import { giveOrder, leftWaiting } from '../../app/orders.ts';
import { createReading } from '../../app/reading.ts';
import { nowMs } from '../../app/root.ts';
import { CadenceError } from '../../core/error.ts';
import { HEAL_KINDS } from '../../core/heal/answer.ts';
import { isSettable } from '../../core/heal/env-change.ts';
import { INCIDENT_STATES } from '../../core/incident/incident.ts';
import { toVisible, truncate } from '../../core/text/excerpt.ts';
import { nearest } from '../../core/text/nearest.ts';
import { formatDuration } from '../../core/time/duration.ts';
import { parseIso, toIso } from '../../core/time/instant.ts';
import { type CommandContext, DRY_RUN, type Paint } from '../command.ts';
import { table } from '../output.ts';

const VERBS = ['ls', 'show', 'approve', 'ignore', 'resolve', 'respond'] as const;
const STATES = [...INCIDENT_STATES, 'all'] as const;

export async function run(context: CommandContext): Promise<number> {
  const [given = 'ls', word] = context.words;
  const verb = VERBS.find((known) => known === given);
  switch (verb) {
    case 'ls':
      if (word !== undefined) throw new CadenceError('usage', `incidents ls takes no word such as ${word}`, 'Say --cadence C, --state S or --since 7d.');
      return list(context);
    case 'show':
      return show(context, required(verb, word));
    case 'approve':
    case 'ignore':
    case 'resolve':
      return order(context, verb, required(verb, word));
    case 'respond':
      return respond(context, required(verb, word));
    case undefined:
      throw new CadenceError('usage', `incidents has no verb ${given}`, `Did you mean ${nearest(given, VERBS) ?? VERBS.join(', ')}?`);
  }
}

function required(verb: string, word: string | undefined): string {
  if (word === undefined)
    throw new CadenceError('usage', `incidents ${verb} needs an incident`, 'Name it by the beginning of its id; see cadence-bus incidents.');
  return word;
}

async function list({ flags, out, root }: CommandContext): Promise<number> {
  const state = flags.text('state');
  if (state !== undefined && !STATES.some((known) => known === state))
    throw new CadenceError('usage', `${state} is no state of an incident`, `Did you mean ${nearest(state, STATES) ?? STATES.join(', ')}?`);
  const since = flags.duration('since');
  const { shown, others } = listIncidents(await root(), { state, cadence: flags.text('cadence'), sinceMs: since === undefined ? undefined : nowMs() - since });
  out.result({ ok: true, incidents: shown, others }, () => {
    if (shown.length > 0) return table(shown.map((one) => incidentRow(one, out.paint)));
    return state === undefined ? `Nothing is open.${others === 0 ? '' : ` On file: ${others}, see incidents ls --state all.`}` : 'No such incident is on file.';
  });
  const [first] = shown;
  out.next(...(first === undefined ? ['cadence-bus status'] : [`cadence-bus incidents show ${first.id}`]), 'cadence-bus learn');
  return 0;
}

export function incidentRow({ id, state, title, occurrences, last_at, attempts, ignored_until }: IncidentView, paint: Paint): readonly string[] {
  const until = state === 'ignored' && ignored_until !== undefined ? ` until ${ignored_until.slice(0, 16)}Z` : '';
  return [
    `${paintState(state, paint)}${until}`,
    paint.bold(id),
    `${occurrences}×`,
    ago(last_at),
    attempts === 0 ? '' : `${attempts} tried`,
    truncate(toVisible(title).replaceAll('\n', ' '), 90),
  ];
}

function paintState(state: IncidentView['state'], paint: Paint): string {
  switch (state) {
    case 'open':
      return paint.red(state);
    case 'needs_human':
      return paint.red('needs human');
    case 'healing':
      return paint.yellow(state);
    case 'ignored':
      return paint.dim(state);
    case 'resolved':
      return paint.green(state);
  }
}

function ago(iso: string): string {
  const ms = nowMs() - (parseIso(iso) ?? nowMs());
  return ms < 1000 ? 'just now' : `${formatDuration(ms)} ago`;
}

async function show({ out, root }: CommandContext, word: string): Promise<number> {
  const { view, report, files, tried } = showIncident(await root(), word);
  out.result({ ok: true, ...view, report, files, tried }, () => `${report.trimEnd()}${triedLines(tried)}\n\nAll of it lies in ${view.path}`);
  const [last] = view.run_ids.slice(-1);
  const run = last === undefined ? undefined : createReading(await root()).history.find(last);
  out.next(
    ...(run === undefined ? [] : [`cadence-bus ${hasOutput(run) ? 'logs' : 'show'} ${run.run_id}`]),
    `cadence-bus incidents ${view.state === 'resolved' ? 'ls' : `resolve ${view.id}`}`,
  );
  return 0;
}

function triedLines(tried: ReturnType<typeof showIncident>['tried']): string {
  if (tried.length === 0) return '';
  return `\n\n## What was tried\n\n${table(tried.map(({ timestamp, source, status, description }) => [`- ${timestamp}`, source, status, toVisible(description).replaceAll('\n', ' ')]))}`;
}

const DONE: Readonly<Record<'approve' | 'ignore' | 'resolve', string>> = {
  approve: 'may be worked on again',
  ignore: 'is counted, and told to nobody for a while',
  resolve: 'is resolved',
};

async function order({ flags, out, root, leaving }: CommandContext, what: 'approve' | 'ignore' | 'resolve', word: string): Promise<number> {
  const at = await root();
  const { id, cadence, state } = findIncident(at, word);
  const forMs = flags.duration('for');
  if (forMs !== undefined && what === 'resolve') throw new CadenceError('usage', 'a resolved incident stays resolved', 'Leave --for out.');
  const until = forMs === undefined ? undefined : toIso(nowMs() + forMs);
  if (flags.has('dry-run')) {
    out.result({ ok: true, dry_run: true, would: what, id, cadence, state, ...(until === undefined ? {} : { until }) }, () => `Would ${what} ${id}.`);
    return DRY_RUN;
  }
  const record = await leaving().orLeft(giveOrder(at, { order: 'incident', what, id, ...(until === undefined ? {} : { until }) }), () => leftWaiting(at));
  out.result({ ok: true, id, cadence, did: what, summary: record.summary, run_id: record.run_id }, () => `${id} ${DONE[what]}.`);
  out.next('cadence-bus incidents', `cadence-bus why ${cadence}`);
  return 0;
}

/** A33 A35: what a session or a person answers, carried out by the owner like every order. */
async function respond({ flags, out, root, leaving }: CommandContext, word: string): Promise<number> {
  const at = await root();
  const action = flags.text('action');
  if (action === undefined || !HEAL_KINDS.some((known) => known === action))
    throw new CadenceError(
      'usage',
      action === undefined ? 'respond needs --action' : `${action} is no answer to an incident`,
      `Say one of ${HEAL_KINDS.join(', ')}.`,
    );
  const set = Object.fromEntries(flags.texts('set').map(setting));
  const names = Object.keys(set);
  if ((action === 'restart_with_env') !== names.length > 0)
    throw new CadenceError(
      'usage',
      names.length > 0 ? `${action} sets nothing` : 'restart_with_env needs --set NAME=value',
      'Use --set with restart_with_env alone.',
    );
  const { id, cadence, state } = findIncident(at, word);
  if (state === 'resolved') throw new CadenceError('not_found', `${id} is resolved already`, 'See cadence-bus incidents.');
  const diagnosis = flags.text('diagnosis');
  if (flags.has('dry-run')) {
    out.result({ ok: true, dry_run: true, would: 'respond', id, cadence, state, action, set }, () => `Would answer ${id} with ${action}.`);
    return DRY_RUN;
  }
  const by = flags.has('session') ? 'session' : 'human';
  const record = await leaving().orLeft(
    giveOrder(at, { order: 'respond', incident: id, action, set, by, ...(diagnosis === undefined ? {} : { diagnosis }) }),
    () => leftWaiting(at),
  );
  out.result({ ok: true, id, cadence, did: 'respond', summary: record.summary, run_id: record.run_id }, () => `${id}: ${record.summary}.`);
  out.next(`cadence-bus incidents show ${id}`, `cadence-bus runs ${cadence}`);
  return 0;
}

function setting(given: string): readonly [string, string] {
  const at = given.indexOf('=');
  const name = given.slice(0, Math.max(0, at));
  if (!isSettable(name))
    throw new CadenceError(
      'usage',
      at < 0 ? `${given} sets nothing` : `${name} may not be set by a fix`,
      'Write --set NAME=value; PATH, LD_…, NODE_OPTIONS and the like are not for a fix to set.',
    );
  return [name, given.slice(at + 1)];
}
