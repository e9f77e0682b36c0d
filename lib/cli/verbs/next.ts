import { nextSlots } from '../../app/answers/next-slots.ts';
import { nowMs } from '../../app/root.ts';
import { formatDuration } from '../../core/time/duration.ts';
import { parseIso } from '../../core/time/instant.ts';
import { formatLocal } from '../../core/time/local-time.ts';
import { zoneOf } from '../../core/time/zone.ts';
import type { CommandContext } from '../command.ts';
import { table } from '../output.ts';

export async function run({ words, flags, out, root }: CommandContext): Promise<number> {
  const [cadence] = words;
  const { slots, broken, kept } = await nextSlots(await root(), cadence, flags.count('count', cadence === undefined ? 1 : 5));
  for (const name of broken) out.note(`${out.paint.yellow('!')} ${name} fires no slot: its definition is broken; see cadence-bus check ${name}`);
  for (const name of kept) out.note(`${out.paint.yellow('!')} ${name} fires as its last good version says: its file is broken; see cadence-bus check ${name}`);
  out.result({ ok: true, slots, broken }, () => {
    if (slots.length === 0 && broken.length > 0) return 'Nothing comes.';
    if (slots.length === 0) return cadence === undefined ? 'No cadence has a schedule.' : `${cadence} has no schedule; it runs when it is asked to.`;
    return table(
      slots.map(({ cadence: name, at, due, timezone, enabled }) => [
        `  ${formatLocal(parseIso(due) ?? 0, zoneOf(timezone))}`,
        timezone,
        `in ${formatDuration((parseIso(due) ?? 0) - nowMs())}`,
        out.paint.bold(name),
        [...(enabled ? [] : ['disabled']), ...(due === at ? [] : [`slot ${at}`])].join(', '),
      ]),
    );
  });
  const [first] = slots;
  out.next(first === undefined ? 'cadence-bus list' : `cadence-bus why ${first.cadence}`);
  return 0;
}
