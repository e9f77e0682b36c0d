import { isBuiltin } from '../builtin.ts';
import type { FollowUpPolicy } from '../cadence.ts';
import { isFinal, type RunRecord, type RunStatus } from '../run.ts';
import { type FollowUp, HOOKS, type NoticeKind } from './follow-up.ts';
import type { Notify } from './policy.ts';

/** `nothing`: no work was done, so nothing follows. */
export function endingKind(status: RunStatus): 'success' | 'failure' | 'other' | 'nothing' {
  if (!isFinal(status) || status === 'skipped' || status === 'coalesced') return 'nothing';
  if (status === 'succeeded') return 'success';
  return status === 'cancelled' ? 'other' : 'failure';
}

export interface Followed {
  readonly hooks: FollowUpPolicy['hooks'];
  readonly notify: Notify;
}

/** Hooks of hooks never fire, and what serves the bus itself is not told about. Recoveries are told with the incident that is over. */
export function followUpsOf(run: Pick<RunRecord, 'cadence' | 'status'>, { hooks, notify }: Followed): readonly FollowUp[] {
  const ending = endingKind(run.status);
  if (ending === 'nothing' || isBuiltin(run.cadence)) return [];
  const fired = HOOKS.filter((hook) => hook === 'on_complete' || hook === `on_${ending}`);
  const notice = noticeOf(ending, notify.on);
  return [
    ...fired.flatMap((hook) => (hooks[hook] ?? []).map((_command, n) => ({ hook, n }))),
    ...(notice === undefined ? [] : notify.sinks.map(({ kind }) => ({ notice, sink: kind }))),
  ];
}

/** One notice a run: the most telling of those that were asked for. */
function noticeOf(ending: 'success' | 'failure' | 'other', on: readonly NoticeKind[]): NoticeKind | undefined {
  if (ending !== 'other' && on.includes(ending)) return ending;
  return on.includes('complete') ? 'complete' : undefined;
}

/** The word that hooks and notices are told: a dead tick is, to whoever reads it, a task that failed. */
export function statusWord(status: RunStatus): string {
  return status === 'dead' ? 'failed' : status;
}
