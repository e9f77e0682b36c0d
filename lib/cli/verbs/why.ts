import { explainWhy, type WhyView } from '../../app/answers/why.ts';
import { explainAll, type WhyAllView } from '../../app/answers/why-all.ts';
import { nowMs } from '../../app/root.ts';
import { CadenceError } from '../../core/error.ts';
import type { SlotView } from '../../core/slot/account.ts';
import { toVisible } from '../../core/text/excerpt.ts';
import { formatDuration } from '../../core/time/duration.ts';
import { type Ms, parseIso } from '../../core/time/instant.ts';
import { formatLocal } from '../../core/time/local-time.ts';
import { zoneOf } from '../../core/time/zone.ts';
import type { CommandContext, Output, Paint } from '../command.ts';
import { table } from '../output.ts';
import { ownerLine } from '../owner-line.ts';

export async function run({ words, flags, out, root }: CommandContext): Promise<number> {
  const [cadence] = words;
  const [at, since] = [flags.text('at'), flags.duration('since')];
  if (cadence === undefined) {
    if (at !== undefined) throw new CadenceError('usage', 'why --at needs the name of a cadence', 'See cadence-bus list.');
    return whyAll(await root(), since, out);
  }
  const why = await explainWhy(await root(), cadence, { at, sinceMs: since });
  out.result({ ...why }, () => describe(why, out.paint));
  out.next(nextStep(why), `cadence-bus runs ${cadence}`);
  return 0;
}

async function whyAll(root: string, sinceMs: Ms | undefined, out: Output): Promise<number> {
  const all = await explainAll(root, sinceMs);
  out.result({ ...all }, () => describeAll(all, out.paint));
  const [first] = all.cadences;
  if (all.settings_fault !== null) out.next('cadence-bus check');
  else if (first === undefined)
    out.next(all.owner.state === 'running' ? 'cadence-bus next' : all.owner.state === 'silent' ? 'cadence-bus status' : 'cadence-bus start');
  else out.next(nextStep({ ...first, owner: all.owner.state }), `cadence-bus why ${first.cadence}`);
  return 0;
}

/** Of one cadence; the rest of them its own `why` tells. */
const MOST_LINES = 5;

function describeAll({ since, owner, settings_fault: fault, cadences, well }: WhyAllView, paint: Paint): string {
  const shown = cadences.map((why) => {
    const more = why.slots.length - MOST_LINES;
    const earlier =
      more <= 0 ? '' : paint.dim(`\n  and ${more} before them: cadence-bus why ${why.cadence} --since ${formatDuration(nowMs() - (parseIso(since) ?? 0))}`);
    return `${describe({ ...why, slots: why.slots.slice(-MOST_LINES) }, paint)}${earlier}`;
  });
  const others = cadences.length === 0 ? '' : 'other ';
  const rest = well.length === 1 ? `1 ${others}cadence is as it should be.` : `${well.length} ${others}cadences are as they should be.`;
  return [
    ...(owner.state === 'running' ? [] : [ownerLine(owner, paint)]),
    ...(fault === null ? [] : [`${paint.red('!')} ${toVisible(fault)}`]),
    ...shown,
    ...(well.length === 0 ? [] : [`${paint.green('✓')} ${rest}`]),
    ...(well.length + cadences.length === 0 ? ['No cadence is defined yet.'] : []),
  ].join('\n\n');
}

/** What mends the first hold, else a look at the last run. */
export function nextStep({
  cadence,
  slots,
  owner,
  holds: [hold],
  broken_edit: edit,
}: Pick<WhyView, 'cadence' | 'slots' | 'owner' | 'holds' | 'broken_edit'>): string {
  const last = slots.findLast(({ run_id }) => run_id !== null);
  if (hold === undefined && owner !== 'running') return owner === 'silent' ? 'cadence-bus status' : 'cadence-bus start';
  if (edit !== null) return `cadence-bus check ${cadence}`;
  if (hold === undefined) return last === undefined ? 'cadence-bus next' : `cadence-bus logs ${last.run_id}`;
  switch (hold.state) {
    case 'broken':
      return 'cadence-bus check';
    case 'halted':
      return 'cadence-bus resume';
    case 'paused':
      return `cadence-bus resume${hold.key === 'bus' ? '' : ` ${hold.key.startsWith('cadence:') ? cadence : hold.key}`}`;
    case 'budget':
      return 'cadence-bus costs';
    case 'open':
    case 'half_open':
    case 'isolated':
    case 'blocked':
    case 'backing_off':
    case 'closed':
      return 'cadence-bus breaker';
  }
}

function describe({ cadence, timezone, slots, facts }: Pick<WhyView, 'cadence' | 'timezone' | 'slots' | 'facts'>, paint: Paint): string {
  const zone = zoneOf(timezone);
  const rows = slots.map(({ at, end, because: why, run_id }) => [
    `  ${formatLocal(parseIso(at) ?? nowMs(), zone)}`,
    paintEnd(end, paint),
    `${why.split('\n', 1)[0]}${run_id === null ? '' : paint.dim(`  ${run_id}`)}`,
  ]);
  const title = `${paint.bold(cadence)}: ${facts.map(toVisible).join('\n  ')}`;
  return rows.length === 0 ? title : [title, '', paint.dim(`  ${timezone}`), table(rows)].join('\n');
}

export function paintEnd(end: SlotView['end'], paint: Paint): string {
  switch (end) {
    case 'ran':
      return paint.green(end);
    case 'missed':
      return paint.red(end);
    case 'held':
    case 'superseded':
      return paint.yellow(end);
    case 'running':
      return paint.blue(end);
    case 'skipped':
    case 'due':
    case 'waiting':
    case 'forgotten':
      return paint.dim(end);
  }
}
