import { giveOrder, leftWaiting } from '../../app/orders.ts';
import { type CommandContext, DRY_RUN } from '../command.ts';
import { keyOf } from './breaker.ts';

export async function run({ words, flags, out, root, leaving }: CommandContext): Promise<number> {
  const at = await root();
  const key = words[0] === undefined ? 'bus' : keyOf(at, words[0]);
  if (flags.has('dry-run')) {
    out.result({ ok: true, dry_run: true, would: 'pause', key }, () => `Would pause ${key}.`);
    return DRY_RUN;
  }
  const because = flags.text('because');
  const record = await leaving().orLeft(giveOrder(at, { order: 'pause', key, ...(because === undefined ? {} : { because }) }), () => leftWaiting(at));
  out.result({ ok: true, key, state: 'paused', run_id: record.run_id }, () => `${key} is paused. What runs goes on; nothing new is started.`);
  out.next(key === 'bus' ? 'cadence-bus resume' : `cadence-bus resume ${words[0]}`, 'cadence-bus status');
  return 0;
}
