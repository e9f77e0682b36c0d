import { cadenceKey } from '../core/holds.ts';
import { parseIso } from '../core/instant.ts';
import type { RunRecord } from '../core/run.ts';
import { readAccounts } from './account-view.ts';
import { brokenCadences } from './broken.ts';
import { createReading } from './reading.ts';
import { nowMs } from './root.ts';
import { describeHold, type HoldView, readHolds } from './status.ts';

/**
 * A run or a tick as it stands now. One that waits because of a halt, a pause, its account, a budget or a broken definition is held, and the reason of the hold
 * is its own. Throws `not_found`.
 */
export async function lookupHeld(root: string, id: string): Promise<RunRecord> {
  const reading = createReading(root);
  const record = reading.lookup(id);
  if (record.status !== 'queued' && record.status !== 'waiting') return record;
  const shared = (await readAccounts(root, reading.holds(), nowMs())).get(record.cadence) ?? [];
  const keys = ['bus', ...shared];
  const isHolding = ({ key, state }: HoldView): boolean =>
    key === cadenceKey(record.cadence)
      ? state === 'paused' || state === 'budget'
      : keys.includes(key) && state !== 'closed' && state !== 'half_open' && state !== 'budget';
  const hold = readHolds(reading, nowMs()).find(isHolding);
  if (hold === undefined) {
    const [broken] = await brokenCadences(reading, (cadence) => cadence === record.cadence, nowMs());
    if (broken === undefined) return record;
    // It was due long ago; it goes on when somebody has mended the file.
    const { retry_at: _past, ...rest } = record;
    return { ...rest, status: 'held', reason: `its definition is broken: ${broken.because}` };
  }
  const isLater = (parseIso(hold.until) ?? 0) > (parseIso(record.retry_at) ?? 0);
  return { ...record, status: 'held', reason: describeHold(hold), ...(isLater && hold.until !== null ? { retry_at: hold.until } : {}) };
}
