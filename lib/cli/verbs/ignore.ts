import { requireCadence } from '../../app/definitions/defined.ts';
import { giveOrder, leftWaiting } from '../../app/orders.ts';
import { nowMs } from '../../app/root.ts';
import { CadenceError } from '../../core/error.ts';
import { toIso } from '../../core/time/instant.ts';
import { type CommandContext, DRY_RUN } from '../command.ts';

const LONGEST_MS = 48 * 3_600_000;

export async function run({ words, flags, out, root, leaving }: CommandContext): Promise<number> {
  const [cadence] = words;
  if (cadence === undefined) throw new CadenceError('usage', 'ignore needs the name of a cadence', 'See cadence-bus list.');
  const at = await root();
  requireCadence(at, cadence);
  const forMs = flags.duration('until') ?? LONGEST_MS;
  if (forMs > LONGEST_MS)
    throw new CadenceError('usage', 'missed slots are ignored for 48h at most', 'To silence it for longer: cadence-bus pause, or enabled: false.');
  const until = toIso(nowMs() + forMs);
  if (flags.has('dry-run')) {
    out.result(
      { ok: true, dry_run: true, would: 'ignore', cadence, until },
      () => `Would ignore missed slots of ${cadence} until it runs again, or until ${until}.`,
    );
    return DRY_RUN;
  }
  const record = await leaving().orLeft(giveOrder(at, { order: 'ignore', cadence, until }), () => leftWaiting(at));
  out.result({ ok: true, cadence, until, run_id: record.run_id }, () => `Missed slots of ${cadence} are ignored until it runs again, or until ${until}.`);
  out.next(`cadence-bus why ${cadence}`, `cadence-bus run-now ${cadence}`);
  return 0;
}
