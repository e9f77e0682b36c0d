import { isAbsolute, join } from 'node:path';
import { nowMs } from '../../app/root.ts';
import { readSimulation, type SimulatedSlot, type SimulationTally, type SimulationView, zoneHere } from '../../app/simulation/view.ts';
import { CadenceError } from '../../core/error.ts';
import { formatMicros, toMicros } from '../../core/money/budget.ts';
import { formatProblem } from '../../core/text/problem-text.ts';
import { formatDuration } from '../../core/time/duration.ts';
import { parseIso } from '../../core/time/instant.ts';
import { formatLocal, parseLocal } from '../../core/time/local-time.ts';
import { zoneOf } from '../../core/time/zone.ts';
import type { CommandContext, Paint } from '../command.ts';
import { table } from '../output.ts';

const WEEK_MS = 7 * 86_400_000;
const MOST_TOLD = 20;

export async function run({ flags, out, root, cwd }: CommandContext): Promise<number> {
  const beganMs = nowMs();
  const fromMs = instantOf('from', flags.text('from')) ?? beganMs;
  const toMs = instantOf('to', flags.text('to')) ?? fromMs + WEEK_MS;
  if (toMs <= fromMs) throw new CadenceError('usage', '--to is not later than --from', 'Name two instants, the earlier one with --from.');
  const config = flags.text('config');
  const folder = config === undefined || isAbsolute(config) ? config : join(cwd, config);
  // What was held and spent, and what waited, at an instant of the past, nobody knows any more.
  const isFresh = flags.has('fresh') || fromMs < beganMs;
  const view = await readSimulation(await root(), { fromMs, toMs, config: folder, durationMs: flags.duration('duration'), isFresh });
  out.result({ ...view }, () => describe(view, out.paint));
  const start = beginning(view);
  if (start.length > 0) out.note(`It begins as the bus is now: ${start.join('; ')}. --fresh begins with nothing.`);
  for (const problem of view.problems) out.note(formatProblem(problem));
  const unknown = view.cadences.filter(({ estimate, ran }) => estimate.from === 'unknown' && ran > 0).map(({ cadence }) => cadence);
  if (unknown.length > 0) out.note(`Nobody knows how long these take, so they take no time here: ${unknown.join(', ')}. Say it with --duration.`);
  out.next(...(view.problems.length > 0 ? ['cadence-bus check'] : view.cadences.length === 0 ? ['cadence-bus list'] : ['cadence-bus next']));
  return view.ok ? 0 : 1;
}

function instantOf(flag: string, text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const zone = zoneOf(zoneHere());
  const at = parseLocal(text, zone, nowMs());
  if (at === undefined)
    throw new CadenceError('usage', `--${flag} ${text} is no time`, 'Write it like 07:00, "tomorrow 7:00", "2026-11-20 7:00" or 2026-11-20T07:00:00Z.');
  return at;
}

function beginning({ held_at_start: held, spent_at_start_usd: usd, waiting_at_start: waiting, running_at_start: running }: SimulationView): readonly string[] {
  const keys = held.length > MOST_TOLD ? [...held.slice(0, MOST_TOLD), `and ${held.length - MOST_TOLD} more`] : held;
  return [
    ...(held.length === 0 ? [] : [`held: ${keys.join(', ')}`]),
    ...(usd === 0 ? [] : [`${formatMicros(toMicros(usd))} is spent that day`]),
    ...(waiting === 0 ? [] : [waiting === 1 ? '1 tick waits' : `${waiting} ticks wait`]),
    ...(running === 0 ? [] : [running === 1 ? '1 runs' : `${running} run`]),
  ];
}

function describe(view: SimulationView, paint: Paint): string {
  const zone = zoneOf(view.timezone);
  const local = (iso: string): string => formatLocal(parseIso(iso) ?? 0, zone);
  const title = `From ${local(view.from)} to ${local(view.to)}, ${view.timezone}`;
  if (view.cadences.length === 0) return `${title}: no cadence has a schedule.`;
  const head = ['  cadence', 'slots', 'ran', 'not run', 'open', 'failed', 'overlaps', 'held by', 'busy', 'cost'].map(paint.dim);
  const rows = view.cadences.map((one) => rowOf(one.cadence, one));
  const lines = [title, '', table([head, ...rows, rowOf('total', view.totals).map(paint.bold)])];
  const odd = view.slots.filter(({ end, overlapped, held_by }) => (end !== 'ran' && end !== 'due') || overlapped || held_by.length > 0);
  if (odd.length > 0) lines.push('', table(odd.slice(0, MOST_TOLD).map((slot) => oddRow(slot, local(slot.at), paint))));
  if (odd.length > MOST_TOLD) lines.push(paint.dim(`  … and ${odd.length - MOST_TOLD} more; see --json`));
  return lines.join('\n');
}

function rowOf(name: string, tally: SimulationTally): readonly string[] {
  const { slots, ran, skipped, missed, held, superseded, unfinished, failed, overlaps, held_by, busy_ms, cost_usd } = tally;
  const counts = [slots, ran, skipped + missed + held + superseded, unfinished, failed, overlaps].map(String);
  const holds = held_by.map(({ cause, slots: many }) => `${cause} ${many}`).join(', ');
  return [`  ${name}`, ...counts, holds || '-', formatDuration(busy_ms), formatMicros(toMicros(cost_usd))];
}

function oddRow({ cadence, end, because, overlapped, held_by, waited_ms }: SimulatedSlot, at: string, paint: Paint): readonly string[] {
  const met = [...(overlapped ? ['overlap'] : []), ...held_by].join(', ');
  const waited = waited_ms === null || waited_ms === 0 ? '' : `began ${formatDuration(waited_ms)} late`;
  return [`  ${at}`, paint.bold(cadence), end === 'ran' ? paint.green(end) : paint.yellow(end), met, waited || because];
}
