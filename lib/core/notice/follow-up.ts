import type { SinkKind } from './sink.ts';

/**
 * What follows a recorded end: hooks (commands of the user's), notices (messages to sinks) and care (core/incident/care.ts). The record of the run
 * prescribes them, as it prescribes the move of the tick, so that a restart can make good what a dead owner still owed.
 */
export type FollowUp = { readonly hook: HookName; readonly n: number } | { readonly notice: NoticeKind; readonly sink: SinkKind } | { readonly care: CareKind };

/** What a recorded end asks of care. */
export type CareKind = 'failure' | 'proof';

export const HOOKS = ['on_success', 'on_failure', 'on_complete'] as const;
export type HookName = (typeof HOOKS)[number];

export const NOTICE_KINDS = ['start', 'success', 'failure', 'complete', 'recovery'] as const;
export type NoticeKind = (typeof NOTICE_KINDS)[number];

/** Other words for two of them: who comes from another scheduler may know them by these. */
const OTHER_WORDS = { exit: 'complete', anomaly: 'failure' } as const satisfies Readonly<Record<string, NoticeKind>>;
export const NOTICE_WORDS = [...NOTICE_KINDS, 'exit', 'anomaly'] as const satisfies readonly (NoticeKind | keyof typeof OTHER_WORDS)[];
export type NoticeWord = (typeof NOTICE_WORDS)[number];

/** Each kind once, in the order in which it was first named. */
export function noticeKindsOf(words: readonly NoticeWord[]): readonly NoticeKind[] {
  return [...new Set(words.map((word) => (word === 'exit' || word === 'anomaly' ? OTHER_WORDS[word] : word)))];
}

/** `on_failure[0]`, `notify:discord`, `care:failure`: how receipts call it. */
export function followUpName(one: FollowUp): string {
  if ('care' in one) return `care:${one.care}`;
  return 'hook' in one ? `${one.hook}[${one.n}]` : `notify:${one.sink}`;
}

/** The key of a hook's tick: the same run never has it run twice. */
export function hookKey(runId: string, one: Extract<FollowUp, { hook: HookName }>): string {
  return `hook:${runId}:${followUpName(one)}`;
}
