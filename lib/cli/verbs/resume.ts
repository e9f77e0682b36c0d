import { giveOrder, leftWaiting } from '../../app/orders.ts';
import { type CommandContext, DRY_RUN } from '../command.ts';
import { keyOf } from './breaker.ts';

export async function run({ words, flags, out, root, leaving }: CommandContext): Promise<number> {
  const at = await root();
  const key = words[0] === undefined ? 'bus' : keyOf(at, words[0]);
  if (flags.has('dry-run')) {
    out.result({ ok: true, dry_run: true, would: 'resume', key }, () => `Would resume ${key === 'bus' ? 'everything' : key}.`);
    return DRY_RUN;
  }
  const record = await leaving().orLeft(giveOrder(at, { order: 'resume', key }), () => leftWaiting(at));
  out.result({ ok: true, key, state: 'running', run_id: record.run_id }, () =>
    key === 'bus' ? 'Everything goes on: no halt, no pause. Breakers stand as they are.' : `${key} goes on.`,
  );
  out.next('cadence-bus status');
  return 0;
}
