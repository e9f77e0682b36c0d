import { giveOrder } from '../../app/orders.ts';
import { createReading } from '../../app/reading.ts';
import { waitForRun } from '../../app/waiting.ts';
import { CadenceError } from '../../core/error.ts';
import { isFinal } from '../../core/run.ts';
import { type CommandContext, DRY_RUN } from '../command.ts';
import { describeRecord } from './runs.ts';

const ENDS_WITHIN_MS = 60_000;

export async function run({ words, flags, out, root }: CommandContext): Promise<number> {
  const [id] = words;
  if (id === undefined) throw new CadenceError('usage', 'cancel needs the id of a run or a tick', 'See cadence-bus status and cadence-bus runs.');
  const at = await root();
  const now = createReading(at).lookup(id);
  if (isFinal(now.status))
    throw new CadenceError('not_found', `${id} is over: it ${now.status === 'dead' ? 'is dead' : now.status}`, `See cadence-bus show ${now.run_id}.`);
  if (flags.has('dry-run')) {
    out.result({ ok: true, dry_run: true, would: 'cancel', run: now }, () => `Would cancel ${id}, which is ${now.status}.`);
    return DRY_RUN;
  }
  await giveOrder(at, { order: 'cancel', id });
  const record = await waitForRun(at, now.tick, ENDS_WITHIN_MS);
  out.result({ ok: record.status === 'cancelled', ...record }, () => describeRecord(record));
  return record.status === 'cancelled' ? 0 : 1;
}
