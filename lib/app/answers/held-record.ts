import { cadenceKey } from '../../core/holds.ts';
import type { RunRecord } from '../../core/run.ts';
import { isForcedName, type TickName } from '../../core/tick.ts';
import { type Ms, parseIso, toIso } from '../../core/time/instant.ts';
import type { Definition } from '../../ports.ts';
import { describeHolding } from '../owner/holding.ts';
import { askOwnerWords } from '../owner/owner-words.ts';
import { createReading, type Reading } from '../reading.ts';
import { nowMs } from '../root.ts';
import { readAccounts } from './account-view.ts';
import { brokenCadences, describeBroken } from './broken.ts';
import { describeHold, type HoldView, readHolds } from './holds.ts';

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
  // Who is forced goes past the pause of its cadence, and of that alone.
  const isForced = pendingNames(reading).some((name) => name.id === record.tick && isForcedName(name));
  const isHolding = ({ key, state }: HoldView): boolean =>
    key === cadenceKey(record.cadence)
      ? (state === 'paused' && !isForced) || state === 'budget'
      : keys.includes(key) && state !== 'closed' && state !== 'half_open' && state !== 'budget';
  const hold = readHolds(reading, nowMs()).find(isHolding);
  if (hold === undefined) {
    const [broken] = isLate(reading, record.cadence) ? await brokenCadences(reading, await definitionsOf(root, record.cadence)) : [];
    if (broken === undefined) return withOwnersReason(root, record);
    // It was due long ago; it goes on when somebody has mended the file.
    const { retry_at: _past, ...rest } = record;
    return { ...rest, status: 'held', reason: describeBroken(broken) };
  }
  // Nobody can tell the end of a pause, and a time that is over is none.
  const { retry_at: due, ...rest } = record;
  const untilMs = Math.max(parseIso(due) ?? 0, parseIso(hold.until) ?? 0);
  const isInTime = untilMs > nowMs() && untilMs < (parseIso(record.expires_at) ?? Number.POSITIVE_INFINITY);
  return { ...rest, status: 'held', reason: describeHold(hold), ...(isInTime ? { retry_at: toIso(untilMs) } : {}) };
}

const pendingNames = (reading: Reading): readonly TickName[] => [...reading.names('inbox'), ...reading.names('waiting')];

/** A retry has its own reason. */
async function withOwnersReason(root: string, record: RunRecord): Promise<RunRecord> {
  if (record.reason !== '' || !isLate(createReading(root), record.cadence)) return record;
  const holding = (await askOwnerWords(root)).holding.find(({ cadence }) => cadence === record.cadence);
  if (holding === undefined) return record;
  const isHeld = holding.cause === 'missing-env' || holding.cause === 'disabled';
  return { ...record, status: isHeld ? 'held' : record.status, reason: describeHolding(holding) };
}

/** An owner takes what is due within milliseconds. */
const LATE_MS: Ms = 1000;

function isLate(reading: Reading, cadence: string): boolean {
  const atMs = nowMs();
  return pendingNames(reading).some((name) => name.cadence === cadence && name.dueMs < atMs - LATE_MS);
}

/** Loaded where it is needed, for whoever waits asks every moment. */
async function definitionsOf(root: string, only: string): Promise<readonly Definition[]> {
  const { readDefined } = await import('../definitions/defined.ts');
  const { definitions, commands } = readDefined(root, only);
  return [...definitions, ...commands];
}
