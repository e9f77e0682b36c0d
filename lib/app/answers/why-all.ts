import type { SlotView } from '../../core/slot/account.ts';
import { type Ms, toIso } from '../../core/time/instant.ts';
import { createFiles } from '../../platform/files.ts';
import type { Files } from '../../ports.ts';
import { readAccounts } from './account-view.ts';
import { slotsWith } from './slot-reading.ts';
import { type CadenceView, type OwnerView, readStatus, type StatusView } from './status.ts';
import { explainOn, type WhyView } from './why.ts';
import { readWhyGround } from './why-ground.ts';

export interface WhyAllView {
  readonly ok: true;
  readonly since: string;
  readonly owner: OwnerView;
  /** As in `status`. */
  readonly settings_fault: string | null;
  /** Who is not as he should be; of his slots since then those that did not run when they should. */
  readonly cadences: readonly Omit<WhyView, 'ok' | 'owner'>[];
  readonly well: readonly string[];
}

const SINCE_MS: Ms = 86_400_000;
const MOST_SLOTS = 10_000;

/** What a morning asks: what is not as it should be, of all cadences, and why. */
export async function explainAll(root: string, sinceMs: Ms = SINCE_MS, files: Files = createFiles()): Promise<WhyAllView> {
  const status = await readStatus(root, undefined);
  const ground = await readWhyGround(root, files);
  const { reading, ledger, cursors, atMs } = ground;
  const accounts = await readAccounts(root, reading.holds(), atMs);
  const isOwned = status.owner.state === 'running' || status.owner.state === 'silent';
  const refused = await ground.refused();
  const lateSlots = ({ name, hold }: CadenceView): readonly SlotView[] => {
    const cursor = cursors.get(name);
    if (cursor === undefined) return [];
    const broken = hold?.state === 'broken' ? { broken: hold.because } : {};
    const standing = { nowMs: atMs, isOwned, refused, shared: accounts.get(name) ?? [] };
    const span = { fromMs: atMs - sinceMs, untilMs: atMs, most: MOST_SLOTS };
    return slotsWith(reading, ledger, cursor, name, { ...span, ...standing, ...broken }).filter(isLate);
  };
  const cadences: WhyAllView['cadences'][number][] = [];
  const well: string[] = [];
  for (const cadence of status.cadences) {
    const slots = lateSlots(cadence);
    if (isWell(status, cadence) && slots.length === 0) {
      well.push(cadence.name);
      continue;
    }
    const { ok: _ok, owner: _owner, ...why } = await explainOn(ground, cadence.name, { at: undefined, sinceMs }, slots);
    cadences.push(why);
  }
  return { ok: true, since: toIso(atMs - sinceMs), owner: status.owner, settings_fault: status.settings_fault, cadences, well };
}

/** What is under way, or comes, is nobody's question yet. */
const isLate = ({ end }: SlotView): boolean => end === 'missed' || end === 'held' || end === 'superseded';

function isWell({ owner, incidents, broken_edits }: StatusView, { name, status, hold, waiting, waits_because, dead, is_over }: CadenceView): boolean {
  if (waiting > 0 && owner.state !== 'running') return false;
  const isTroubled = incidents.some(({ cadence }) => cadence === name) || broken_edits.some((edit) => edit.name === name);
  const isQuiet = status === 'healthy' || status === 'running' || status === 'never_run' || status === 'disabled';
  return isQuiet && hold === null && waits_because === null && dead === 0 && !is_over && !isTroubled;
}
