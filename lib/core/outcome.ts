import type { ModelUse } from './run.ts';
import type { Ms } from './time/instant.ts';

/** What a run came to, judged. A runner answers with one of these and never throws. */
export type Outcome =
  | { readonly kind: 'ok'; readonly summary: string }
  /** It ended well, and without the evidence that its cadence asks for. */
  | { readonly kind: 'unverified'; readonly summary: string; readonly reason: string }
  | { readonly kind: 'skip'; readonly reason: string }
  | { readonly kind: 'defer'; readonly delayMs: Ms | undefined; readonly reason: string }
  | ({ readonly kind: 'fail' } & Failing)
  | ({ readonly kind: 'give_up' } & Failing)
  | { readonly kind: 'cancelled'; readonly reason: string }
  /** We stopped it, or the owner died: nobody's failure. */
  | { readonly kind: 'interrupted'; readonly by: 'owner-died' | 'operator'; readonly reason: string };

interface Failing {
  readonly blame: Blame;
  readonly reason: string;
  /** What kind of failure, by name: how an account's breaker moves depends on it. */
  readonly class?: string;
  /** The account said until when. */
  readonly untilMs?: Ms;
}

/** Twenty cadences on one dead key are one failure of the account, not twenty of cadences; so with one dead agent of several. Nobody's moves no breaker, and the tick is charged. */
export type Blame = 'cadence' | 'account' | 'provider' | 'nobody';

/** What is known of a process at its end. */
export interface Ending {
  readonly code: number | null;
  readonly signal: string | null;
  readonly spawnError: string | null;
  /** The first cause wins; what happens after a kill is the kill's doing. */
  readonly stoppedFor: StopCause | null;
  readonly durationMs: Ms;
  /** Of one that was stopped at a limit of time: the limit. It lasts longer, for it is given time to end. */
  readonly limitMs?: Ms;
  /** When it ended, where that was before anybody followed it. */
  readonly endedMs?: Ms;
  readonly stdoutTail: string;
  readonly stderrTail: string;
  readonly droppedBytes: number;
  readonly survivors: readonly { readonly pid: number; readonly command: string }[];
  readonly session?: SessionFacts;
}

/** Of an agent's session, as it says itself. */
export interface SessionFacts {
  readonly id?: string;
  readonly turns?: number;
  readonly model?: string;
  readonly tokens?: Readonly<Record<string, ModelUse>>;
  readonly costUsd?: number;
  /** It ended before it told its cost. */
  readonly isEstimate?: boolean;
  /** What it was allowed to cost. */
  readonly capUsd?: number;
  /** Where `claude --resume <id>` finds it again. */
  readonly cwd?: string;
  /** It went on with what an earlier attempt had begun. */
  readonly isResumed?: boolean;
}

/**
 * `budget`: it has cost more than one run may. `spent`: it has cost more than was set aside for it, and with that a day or a month has its limit. `in_vain`: it tries again what cannot succeed before a person has acted. `owner_end`: it lives in its owner, who ends.
 */
export type StopCause = 'timeout' | 'idle' | 'hung_start' | 'budget' | 'spent' | 'in_vain' | 'cancel' | 'halt' | 'owner_end' | 'lost';
