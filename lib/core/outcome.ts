import type { Ms } from './instant.ts';

/** What a run came to, judged. A runner answers with one of these and never throws. */
export type Outcome =
  | { readonly kind: 'ok'; readonly summary: string }
  | { readonly kind: 'skip'; readonly reason: string }
  | { readonly kind: 'defer'; readonly delayMs: Ms | undefined; readonly reason: string }
  | { readonly kind: 'fail'; readonly blame: Blame; readonly reason: string }
  | { readonly kind: 'give_up'; readonly blame: Blame; readonly reason: string }
  | { readonly kind: 'cancelled'; readonly reason: string }
  /** We stopped it, or the owner died: nobody's failure. */
  | { readonly kind: 'interrupted'; readonly by: 'owner-died' | 'operator'; readonly reason: string };

/** Twenty cadences on one dead key are one failure of the account, not twenty of cadences. */
export type Blame = 'cadence' | 'account';

/** What is known of a process at its end. */
export interface Ending {
  readonly code: number | null;
  readonly signal: string | null;
  readonly spawnError: string | null;
  /** The first cause wins; what happens after a kill is the kill's doing. */
  readonly stoppedFor: StopCause | null;
  readonly durationMs: Ms;
  readonly stdoutTail: string;
  readonly stderrTail: string;
  readonly droppedBytes: number;
  readonly survivors: readonly { readonly pid: number; readonly command: string }[];
}

export type StopCause = 'timeout' | 'idle' | 'cancel' | 'halt' | 'lost';
