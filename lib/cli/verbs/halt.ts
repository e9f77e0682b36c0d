import { haltBus } from '../../app/halt.ts';
import { leftWaiting } from '../../app/orders.ts';
import { type CommandContext, DRY_RUN } from '../command.ts';

export async function run({ flags, out, root, leaving }: CommandContext): Promise<number> {
  const at = await root();
  if (flags.has('dry-run')) {
    out.result(
      { ok: true, dry_run: true, would: 'halt', kill: flags.has('kill') },
      () => `Would halt the bus of ${at}${flags.has('kill') ? ' and stop what runs' : ''}.`,
    );
    return DRY_RUN;
  }
  const { path, stopped } = await leaving().orLeft(haltBus(at, flags.text('because'), flags.has('kill')), () => leftWaiting(at));
  out.result(
    { ok: true, state: 'halted', path, stopped },
    () => `Halted: nothing is claimed while ${path} exists.${flags.has('kill') ? ` ${stopped}` : ' What runs goes on.'}`,
  );
  out.next('cadence-bus resume', 'cadence-bus status');
  return 0;
}
