import type { AccountView } from '../../app/answers/account-view.ts';
import { type HoldView, stateInWords } from '../../app/answers/holds.ts';
import { describeOverlay } from '../../app/answers/overlays.ts';
import { readStats } from '../../app/answers/stats.ts';
import { type CadenceView, readStatus, type StatusView } from '../../app/answers/status.ts';
import { idOfOutput } from '../../app/following.ts';
import { createReading } from '../../app/reading.ts';
import { nowMs } from '../../app/root.ts';
import { countdown } from '../../core/agent/account-advice.ts';
import { SETTINGS_FILE } from '../../core/paths.ts';
import { toVisible, truncate } from '../../core/text/excerpt.ts';
import { formatDuration } from '../../core/time/duration.ts';
import { parseIso } from '../../core/time/instant.ts';
import type { CommandContext, Paint } from '../command.ts';
import { table } from '../output.ts';
import { ownerLine } from '../owner-line.ts';
import { describeRecord } from './runs.ts';

export async function run({ words, flags, out, root }: CommandContext): Promise<number> {
  const [only] = words;
  const runId = flags.text('run');
  if (runId !== undefined) {
    const record = createReading(await root()).lookup(runId);
    out.result({ ok: true, ...record }, () => describeRecord(record));
    const said = idOfOutput(record);
    out.next(...(said === undefined ? [] : [`cadence-bus logs ${said}`]), `cadence-bus wait ${record.run_id}`);
    return 0;
  }
  const at = await root();
  const status = await readStatus(at, only);
  const stats = out.isJson ? await readStats(at, status) : null;
  out.result({ ...status, stats }, () => describe(status, out.paint));
  out.next(...nextSteps(status));
  return 0;
}

function describe(status: StatusView, paint: Paint): string {
  const lines = [ownerLine(status.owner, paint), countsLine(status.counts)];
  if (status.cadences.length > 0) lines.push('', table(status.cadences.map((cadence) => cadenceRow(cadence, paint))));
  lines.push(...status.accounts.flatMap((account) => ['', ...accountLines(account, paint)]));
  const holds = shownHolds(status);
  if (holds.length > 0) lines.push('', paint.bold('Held'), ...holds.map((hold) => `  ${holdLine(hold)}`));
  if (status.overlays.length > 0)
    lines.push('', paint.bold('Set by fixes'), ...status.overlays.map((one) => `  ${paint.yellow('✚')} ${one.cadence}: ${toVisible(describeOverlay(one))}`));
  if (status.incidents.length > 0)
    lines.push('', paint.bold('Incidents'), table(status.incidents.slice(0, SHOWN_INCIDENTS).map((one) => incidentRow(one, paint))));
  if (status.incidents.length > SHOWN_INCIDENTS) lines.push(paint.dim(`  and ${status.incidents.length - SHOWN_INCIDENTS} more: cadence-bus incidents`));
  if (status.settings_fault !== null && !status.broken_edits.some(({ name }) => name === SETTINGS_FILE))
    lines.push('', `${paint.red('!')} ${toVisible(status.settings_fault)}`);
  if (status.misnamed.length > 0) {
    const told = status.misnamed.map((problem) => `  ${paint.red('!')} ${toVisible(problem)}`);
    lines.push('', paint.bold('Files that define nothing, for their names'), ...told);
  }
  if (status.left_alone.length > 0) lines.push('', `${paint.yellow('!')} ${leftAloneWords(status)}`);
  if (status.broken_edits.length > 0) {
    const told = status.broken_edits.map(({ name, because }) => `  ${paint.red('!')} ${name}: ${toVisible(because)}`);
    lines.push('', paint.bold('Broken edits; the last good version goes on'), ...told);
  }
  return lines.join('\n');
}

function leftAloneWords({ left_alone: files, left_alone_count: count }: StatusView): string {
  const more = count > SHOWN_STRAYS ? ` and ${count - SHOWN_STRAYS} more` : '';
  const told = files.slice(0, SHOWN_STRAYS).map((file) => truncate(toVisible(file), 70));
  return `In the inbox, no tick and left alone: ${told.join(', ')}${more}`;
}

export function countsLine({ inbox, waiting, claimed, dlq }: StatusView['counts']): string {
  return `${inbox} in the inbox · ${waiting} waiting · ${claimed} running · ${dlq} dead`;
}

/** Without those that hold nothing. An account that is held has a block of its own. */
export function shownHolds({ holds, accounts }: Pick<StatusView, 'holds' | 'accounts'>): readonly HoldView[] {
  return onceForTheBus(holds.filter(({ key, state }) => state !== 'closed' && !accounts.some(({ account }) => key === `account:${account}`)));
}

/** A budget of the bus holds each who may spend something, and is told as what it is. */
function onceForTheBus(holds: readonly HoldView[]): readonly HoldView[] {
  const ofBus = holds.find(({ key, state }) => key === 'bus' && state === 'budget');
  return holds.filter((hold) => hold === ofBus || hold.state !== 'budget' || hold.because !== ofBus?.because);
}

const SHOWN_INCIDENTS = 8;
const SHOWN_STRAYS = 5;

function incidentRow({ id, state, title, occurrences, last_at }: StatusView['incidents'][number], paint: Paint): readonly string[] {
  return [`  ${incidentMark(state, paint)}`, id, `${occurrences}×`, ago(last_at), paint.dim(truncate(toVisible(title).replaceAll('\n', ' '), 70))];
}

export function incidentMark(state: StatusView['incidents'][number]['state'], paint: Paint): string {
  const color = state === 'ignored' ? paint.dim : state === 'healing' ? paint.yellow : paint.red;
  return color(`◆ ${state.replace('_', ' ')}`);
}

export const MARK: Readonly<Record<CadenceView['status'], string>> = {
  running: '▶',
  held: '‖',
  failing: '✗',
  unproven: '?',
  put_off: '↻',
  healthy: '✓',
  never_run: '·',
  disabled: '-',
};

export function cadenceRow(cadence: CadenceView, paint: Paint): readonly string[] {
  const color = {
    running: paint.blue,
    held: paint.yellow,
    failing: paint.red,
    unproven: paint.yellow,
    put_off: paint.yellow,
    healthy: paint.green,
    never_run: paint.dim,
    disabled: paint.dim,
  }[cadence.status];
  const why = cadence.waits_because === null ? '' : ` (${truncate(toVisible(cadence.waits_because), 70)})`;
  const waits = cadence.waiting > 0 ? `${cadence.waiting} waiting${why}` : '';
  const failures = cadence.consecutive_failures > 0 ? failuresInARow(cadence.consecutive_failures) : '';
  const next = cadence.next === null ? '' : `next in ${formatDuration((parseIso(cadence.next) ?? nowMs()) - nowMs())}`;
  const last = cadence.last_run === null ? 'never run' : `${cadence.last_status} ${ago(cadence.last_run)}`;
  const told = truncate(toVisible(cadence.last_summary).replaceAll('\n', ' '), 70);
  return [
    `  ${color(`${MARK[cadence.status]} ${cadence.status.replace('_', ' ')}`)}`,
    paint.bold(cadence.name),
    last,
    [cadence.is_over ? 'it is over; the next owner records how it ended' : '', failures, waits, next].filter((part) => part !== '').join(', '),
    paint.dim(told),
  ];
}

const SHOWN_CADENCES = 6;

/** What it is, since when, until when, who waits, and what to do. */
function accountLines(view: AccountView, paint: Paint): readonly string[] {
  const { account, state, because, since, since_run, until, waiting, waiting_ticks, advice } = view;
  const told = truncate(toVisible(because).replaceAll('\n', ' '), 160);
  const from = [since === null ? '' : ago(since), since_run === null ? '' : `run ${since_run}`].filter((part) => part !== '').join(', ');
  const time = until === null ? 'until a person says so' : countdown(parseIso(until) ?? 0, nowMs());
  const names = waiting.slice(0, SHOWN_CADENCES).map(({ cadence, ticks }) => `${cadence}${ticks === 1 ? '' : ` (${ticks})`}`);
  const rest = waiting.length - names.length;
  const who = waiting_ticks === 0 ? 'no tick waits for it' : `${waitersOf(waiting_ticks)}: ${names.join(', ')}`;
  return [
    `${paint.yellow(`‖ account ${toVisible(account)} is ${state.replace('_', ' ')}`)}  ${told}${from === '' ? '' : paint.dim(` (since ${from})`)}`,
    `  ${time} · ${who}${rest > 0 ? ` and ${rest} more` : ''}`,
    `  ${paint.bold('→')} ${toVisible(advice)}`,
  ];
}

export function waitersOf(ticks: number): string {
  return `${ticks} ${ticks === 1 ? 'tick waits' : 'ticks wait'}`;
}

export function failuresInARow(failures: number): string {
  return failures === 1 ? '1 failure' : `${failures} failures in a row`;
}

function ago(iso: string): string {
  const ms = nowMs() - (parseIso(iso) ?? nowMs());
  return ms < 1000 ? 'just now' : `${formatDuration(ms)} ago`;
}

export function holdLine(hold: HoldView): string {
  if (hold.state === 'closed') return `${hold.key}  closed, after ${failuresInARow(hold.failures)}`;
  const restMs = (parseIso(hold.until) ?? 0) - nowMs();
  const left =
    hold.until === null
      ? ''
      : restMs > 0
        ? ` for ${formatDuration(restMs)} more (until ${hold.until})`
        : hold.state === 'half_open'
          ? ', the next tick is its probe'
          : ' no longer';
  return `${toVisible(hold.key)}  ${stateInWords(hold.state)}${left}: ${truncate(toVisible(hold.because).replaceAll('\n', ' '), 160)}`;
}

export function nextSteps(status: StatusView): readonly string[] {
  const isStopped = status.holds.some(({ key, state }) => key === 'bus' && (state === 'halted' || state === 'paused'));
  const isOwned = status.owner.state === 'running' || status.owner.state === 'silent';
  const isBroken =
    status.broken_edits.length + status.misnamed.length > 0 || status.settings_fault !== null || status.holds.some(({ state }) => state === 'broken');
  const urgent = [...(isStopped ? ['cadence-bus resume'] : []), ...(isBroken ? ['cadence-bus check'] : []), ...(isOwned ? [] : ['cadence-bus start'])];
  if (isStopped || !isOwned) return urgent;
  if (isBroken) return [...urgent, 'cadence-bus runs'];
  if (status.counts.dlq > 0) return ['cadence-bus dlq', 'cadence-bus runs'];
  if (status.holds.some(({ state }) => state === 'open' || state === 'isolated')) return ['cadence-bus breaker', 'cadence-bus runs --status failed'];
  if (status.holds.some(({ state }) => state === 'budget')) return ['cadence-bus costs', 'cadence-bus runs'];
  return ['cadence-bus runs'];
}
