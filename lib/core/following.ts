import { isBuiltin } from './builtin.ts';
import type { FollowUpPolicy } from './cadence.ts';
import { type FollowUp, HOOKS, type NoticeKind } from './follow-up.ts';
import type { Notify } from './notify-policy.ts';
import { isFinal, type RunRecord, type RunStatus } from './run.ts';

/** `nothing`: no work was done, so nothing follows. */
export function endingKind(status: RunStatus): 'success' | 'failure' | 'other' | 'nothing' {
  if (!isFinal(status) || status === 'skipped' || status === 'coalesced') return 'nothing';
  if (status === 'succeeded') return 'success';
  return status === 'cancelled' ? 'other' : 'failure';
}

export interface Followed {
  readonly hooks: FollowUpPolicy['hooks'];
  readonly notify: Notify;
  /** A failure of this cadence was told, and no success since. */
  readonly isFailing: boolean;
}

/** Hooks of hooks never fire, and what serves the bus itself is not told about. */
export function followUpsOf(run: Pick<RunRecord, 'cadence' | 'status'>, { hooks, notify, isFailing }: Followed): readonly FollowUp[] {
  const ending = endingKind(run.status);
  if (ending === 'nothing' || isBuiltin(run.cadence)) return [];
  const fired = HOOKS.filter((hook) => hook === 'on_complete' || hook === `on_${ending}`);
  const notice = noticeOf(ending, notify.on, isFailing);
  return [
    ...fired.flatMap((hook) => (hooks[hook] ?? []).map((_command, n) => ({ hook, n }))),
    ...(notice === undefined ? [] : notify.sinks.map(({ kind }) => ({ notice, sink: kind }))),
  ];
}

/** One notice a run: the most telling of those that were asked for. */
function noticeOf(ending: 'success' | 'failure' | 'other', on: readonly NoticeKind[], isFailing: boolean): NoticeKind | undefined {
  if (ending === 'success' && isFailing && on.includes('recovery')) return 'recovery';
  if (ending !== 'other' && on.includes(ending)) return ending;
  return on.includes('complete') ? 'complete' : undefined;
}

/** What a run with these follow-ups makes of "its failure was told". */
export function isFailingAfter(run: Pick<RunRecord, 'status' | 'follow_ups'>, isFailing: boolean): boolean {
  const ending = endingKind(run.status);
  if (ending === 'success') return false;
  return isFailing || (ending === 'failure' && (run.follow_ups ?? []).some((one) => 'notice' in one));
}

/** The word that hooks and notices are told: a dead tick is, to whoever reads it, a task that failed. */
export function statusWord(status: RunStatus): string {
  return status === 'dead' ? 'failed' : status;
}
