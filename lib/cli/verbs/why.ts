import { nowMs } from '../../app/root.ts';
import { explainWhy } from '../../app/why.ts';
import { CadenceError } from '../../core/error.ts';
import { parseIso } from '../../core/instant.ts';
import { formatLocal } from '../../core/local-time.ts';
import type { SlotView } from '../../core/slot-account.ts';
import { zoneOf } from '../../core/zone.ts';
import type { CommandContext, Paint } from '../command.ts';
import { table } from '../output.ts';

export async function run({ words, flags, out, root }: CommandContext): Promise<number> {
  const [cadence] = words;
  if (cadence === undefined) throw new CadenceError('usage', 'why needs the name of a cadence', 'See cadence-bus list.');
  const since = flags.duration('since');
  const why = await explainWhy(await root(), cadence, { at: flags.text('at'), sinceMs: since });
  out.result({ ...why }, () => describe(cadence, why.timezone, why.slots, why.because, out.paint));
  const last = why.slots.findLast(({ run_id }) => run_id !== null);
  out.next(...(last === undefined ? ['cadence-bus next'] : [`cadence-bus logs ${last.run_id}`]), `cadence-bus runs ${cadence}`);
  return 0;
}

function describe(cadence: string, timezone: string, slots: readonly SlotView[], because: string, paint: Paint): string {
  const zone = zoneOf(timezone);
  const rows = slots.map(({ at, end, because: why, run_id }) => [
    `  ${formatLocal(parseIso(at) ?? nowMs(), zone)}`,
    paintEnd(end, paint),
    `${why.split('\n', 1)[0]}${run_id === null ? '' : paint.dim(`  ${run_id}`)}`,
  ]);
  const title = `${paint.bold(cadence)}: ${because}`;
  return rows.length === 0 ? title : [title, '', paint.dim(`  ${timezone}`), table(rows)].join('\n');
}

function paintEnd(end: SlotView['end'], paint: Paint): string {
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
      return paint.dim(end);
  }
}
