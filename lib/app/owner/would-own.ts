import { probeOwner } from '../../platform/control.ts';
import type { OwnerState } from '../../ports.ts';
import { readStatus, type StatusView } from '../answers/status.ts';
import { isAtWork, refusal } from './owner.ts';
import { askOwnerWords } from './owner-words.ts';

/** What an owner would find who started now. Throws as its start would where it could not own the root. */
export async function wouldOwn(root: string, takeOver: boolean): Promise<{ readonly ends_pid: number | null; readonly counts: StatusView['counts'] }> {
  const state = await probeOwner(root);
  if ((state.kind === 'answers' && !(await wouldYield(root, state))) || (state.kind === 'silent' && !takeOver)) throw refusal(root, state);
  const { counts } = await readStatus(root, undefined);
  return { ends_pid: state.kind === 'silent' ? (state.info?.pid ?? null) : null, counts };
}

/** One for a moment, of which nothing runs, gives way. */
async function wouldYield(root: string, { info }: OwnerState): Promise<boolean> {
  return info?.before !== undefined && !isAtWork((await askOwnerWords(root)).running);
}
