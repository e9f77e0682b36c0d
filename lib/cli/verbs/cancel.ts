import { ENDED } from '../../app/answers/standing.ts';
import { giveOrder, leftWaiting } from '../../app/orders.ts';
import { createReading } from '../../app/reading.ts';
import { leftBehind, waitForRun } from '../../app/waiting.ts';
import { CadenceError } from '../../core/error.ts';
import { isFinal } from '../../core/run.ts';
import { type CommandContext, DRY_RUN } from '../command.ts';
import { describeRecord } from './runs.ts';

const ENDS_WITHIN_MS = 60_000;

export async function run({ words, flags, out, root, leaving }: CommandContext): Promise<number> {
  const [id] = words;
  if (id === undefined) throw new CadenceError('usage', 'cancel needs the id of a run or a tick', 'See cadence-bus status and cadence-bus runs.');
  const at = await root();
  const now = createReading(at).lookup(id);
  if (isFinal(now.status)) throw new CadenceError('not_found', `${id} is over: it ${ENDED[now.status]}`, `See cadence-bus show ${now.run_id}.`);
  if (flags.has('dry-run')) {
    out.result({ ok: true, dry_run: true, would: 'cancel', run: now }, () => `Would cancel ${id}, which is ${now.status}.`);
    return DRY_RUN;
  }
  const { orLeft } = leaving();
  await orLeft(giveOrder(at, { order: 'cancel', id }), () => leftWaiting(at));
  const record = await orLeft(waitForRun(at, now.tick, ENDS_WITHIN_MS), () => leftBehind(at, now.tick));
  out.result({ ok: record.status === 'cancelled', ...record }, () => describeRecord(record));
  return record.status === 'cancelled' ? 0 : 1;
}
