import type { FollowUp } from './notice/follow-up.ts';

/** One execution of one attempt: the record that every verb, hook and notice shows. Names on disk, so snake_case. */
export const RUN_STATUSES = [
  'queued',
  'waiting',
  'held',
  'running',
  'succeeded',
  'unverified',
  'failed',
  'dead',
  'cancelled',
  'interrupted',
  'skipped',
  'coalesced',
  'expired',
] as const;
export type RunStatus = (typeof RUN_STATUSES)[number];

/** What one model did in a run. */
export interface ModelUse {
  readonly input: number;
  readonly output: number;
  readonly cache_read: number;
  readonly cache_write: number;
  readonly cost_usd: number;
}

export interface RunRecord {
  readonly run_id: string;
  readonly cadence: string;
  readonly tick: string;
  readonly attempt: number;
  readonly status: RunStatus;
  /** Why it ended so, in words; for a failure `exit 3: <last lines>`. */
  readonly reason: string;
  readonly summary: string;
  readonly started_at: string;
  readonly ended_at: string | null;
  readonly duration_ms: number;
  readonly exit_code: number | null;
  readonly signal: string | null;
  readonly cost_usd: number | null;
  readonly stdout_path: string | null;
  readonly stderr_path: string | null;
  /** Whose failure it is: decides which breaker moves. Absent where nothing failed. */
  readonly blame?: 'cadence' | 'account' | 'provider' | 'nobody';
  /** What kind of failure, where the program says it: `auth`, `quota`, `max_turns` …; see core/session/class.ts. */
  readonly class?: string;
  readonly account?: string;
  /** Which of its agents ran it, where there is a choice. */
  readonly provider?: string;
  /** The account said until when it may not be used. */
  readonly blocked_until?: string;
  /** What it answered as data: the JSON of a command, `{event_count, last_event}`, the structured output of a session. */
  readonly result?: unknown;
  /** Where a result lies that is too large for a record. */
  readonly result_path?: string;
  /** What its evidence said, where its cadence asks for some. */
  readonly verify?: { readonly kind: string; readonly outcome: 'proven' | 'not_proven' | 'unknown'; readonly because: string };
  /** Of an unverified run: whether it counts as proof all the same (`verify.counts: ended`). */
  readonly proof?: boolean;
  readonly key?: string;
  readonly slot?: string;
  /** Somebody wanted it run whatever held its cadence. */
  readonly force?: true;
  readonly source?: string;
  readonly prompt_path?: string;
  /** The last lines of stderr, or of stdout where stderr is blank (at most 4 KB). */
  readonly stderr_tail?: string;
  /** Set where the tick goes on: when it is due again. */
  readonly retry_at?: string;
  /** How often in a row, with this one, it has asked to be tried later without saying when. */
  readonly deferrals?: number;
  /** Of what has not run yet: after this it is not run, as it said itself. */
  readonly expires_at?: string;
  /** Where the tick's file goes, `waiting/<name>` or `dlq/<name>`; absent: it is removed. A restart carries this out. */
  readonly moves_to?: string;
  /** Hooks and notices that this end sets off. A restart makes good what was not done of it. */
  readonly follow_ups?: readonly FollowUp[];
  readonly survivors?: readonly { readonly pid: number; readonly command: string }[];
  /** Of a claude session: `claude --resume <session_id>` goes on with it. */
  readonly session_id?: string;
  readonly turns?: number;
  /** Per model, as the session told at its end; subagents are in it. */
  readonly tokens?: Readonly<Record<string, ModelUse>>;
  /** What its budget was charged, where money may have flowed and nobody knows how much: what was set aside for the run. */
  readonly charged_usd?: number;
  /** The session goes on with the one of an earlier attempt, under the same id. */
  readonly is_resumed?: true;
  /** The model it began with. */
  readonly model?: string;
  /** It was stopped before it told its cost: `cost_usd` is what its tokens cost by our table of prices. */
  readonly cost_is_estimate?: true;
  /** Where a session ran; `claude --resume` finds it only there. */
  readonly cwd?: string;
  /** Bytes of output that the log cap dropped. */
  readonly dropped_bytes?: number;
}

/** It proves its cadence: only a proof closes a breaker, voids a count of failures, sends "recovered". */
export function isProven(run: Pick<RunRecord, 'status' | 'proof'>): boolean {
  return run.status === 'succeeded' || (run.status === 'unverified' && run.proof === true);
}

/** A tick whose latest run has one of these has reached its end. */
export function isFinal(status: RunStatus): boolean {
  switch (status) {
    case 'succeeded':
    case 'unverified':
    case 'dead':
    case 'cancelled':
    case 'skipped':
    case 'coalesced':
    case 'expired':
      return true;
    case 'queued':
    case 'waiting':
    case 'held':
    case 'running':
    case 'failed':
    case 'interrupted':
      return false;
  }
}
