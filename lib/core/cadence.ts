import type { LadderPolicy } from './heal/rung.ts';
import type { BudgetPolicy, BusBudget } from './money/budget.ts';
import type { HookName } from './notice/follow-up.ts';
import type { NotifyPolicy } from './notice/policy.ts';
import type { CommandRun, RunKind } from './run-kind.ts';
import type { Ms } from './time/instant.ts';
import type { CadenceSchedule, SchedulerKind } from './time/schedule.ts';
import { DEFAULT_HEARTBEAT, DEFAULT_SELF_DIAGNOSIS, type HeartbeatSettings, type SelfDiagnosisSettings } from './watch/settings.ts';

export type { CommandRun, EnvSpec, RunKind } from './run-kind.ts';

/** A named duty, as the program uses it: every default filled in, every path absolute. `wire/` makes it from a file. */
export interface Cadence {
  readonly name: string;
  /** Where it is defined, for errors and for `show`. */
  readonly path: string;
  readonly description: string;
  readonly enabled: boolean;
  readonly run: RunKind;
  readonly guard: RunKind | undefined;
  /** undefined: it runs when it is asked to. */
  readonly schedule: CadenceSchedule | undefined;
  readonly overlap: Overlap | undefined;
  /** A tick older than this is not run any more. */
  readonly expiresMs: Ms | undefined;
  /** 0: none. */
  readonly timeoutMs: Ms;
  readonly idleTimeoutMs: Ms;
  readonly killGraceMs: Ms;
  readonly logCapBytes: number;
  /** No two runs with the same workspace at once. */
  readonly workspace: string | undefined;
  readonly lane: string;
  readonly account: string | undefined;
  /** The agents that may run it, in the order in which they are tried. `run`, `account` and `workspace` are those of the one that does; undefined: there is no choice. */
  readonly slots?: readonly AgentSlot[] | undefined;
  /** Which of them runs it; see core/agent/slot.ts. */
  readonly provider?: string | undefined;
  /** It looks and tells, and changes nothing: agents that are for diagnosis only may run it. */
  readonly isDiagnosis?: boolean;
  readonly retry: RetryPolicy;
  readonly breaker: BreakerPolicy;
  /** undefined: it may spend what it likes. */
  readonly budget: BudgetPolicy | undefined;
  readonly requiredEnv: readonly string[];
  /** What a payload must fit; a tick without one is taken for `{}`. */
  readonly schema?: JsonSchema | undefined;
  /** `{tabs} tabs`: the summary of a run, from its result. */
  readonly summary?: string | undefined;
  /** What must speak for a run that ended well. */
  readonly verify?: Verification | undefined;
  /** Hooks and notices; undefined: nothing is said of them. */
  readonly followUps?: FollowUpPolicy;
  /** How its failures are mended; undefined: by nobody but its tries. */
  readonly ladder?: LadderPolicy;
  /** Files of which a copy is kept with each incident, without their secrets. */
  readonly snapshots?: readonly string[];
  /** Words for people and agents; the program does not act on them. */
  readonly about: {
    readonly inputs: Readonly<Record<string, string>>;
    readonly outputs: Readonly<Record<string, string>>;
    readonly network: boolean;
    readonly destructive: boolean;
  };
}

export type Overlap = 'coalesce' | 'queue' | 'skip';

/** One of several agents that may run a cadence: claude under some account and model, or another program. */
export interface AgentSlot {
  readonly name: string;
  readonly run: Extract<RunKind, { kind: 'claude' | 'agent' }>;
  readonly account: string | undefined;
  readonly workspace: string | undefined;
  readonly isForDiagnosis: boolean;
}

/** A JSON Schema (draft 2020-12) that has been found right. */
export type JsonSchema = Readonly<Record<string, unknown>> | boolean;

/** `counts`: whether a run without its evidence counts as proof of its cadence. */
export type Verification = VerifyMeans & { readonly isRequired: boolean; readonly counts: 'proven' | 'ended' };

export type VerifyMeans =
  /** Exit 0: proven, 1: not proven, anything else: it could not be checked. */
  | { readonly kind: 'command'; readonly run: CommandRun; readonly timeoutMs: Ms }
  /** A file that matches one of these absolute patterns was changed since the run began. */
  | { readonly kind: 'newer'; readonly patterns: readonly string[] }
  /** The run's result fits. */
  | { readonly kind: 'schema'; readonly schema: JsonSchema };
/** What follows the end of its ticks. */
export interface FollowUpPolicy {
  readonly hooks: Readonly<Partial<Record<HookName, readonly CommandRun[]>>>;
  readonly notify: NotifyPolicy;
}

export interface RetryPolicy {
  /** Tries in all, not retries. */
  readonly attempts: number;
  /** Wait before the next try, by tries made; the last one holds for all later ones. */
  readonly delaysMs: readonly Ms[];
  /** 0.25: up to a quarter more or less, so that what failed together does not return together. */
  readonly jitter: number;
}

export interface BreakerPolicy {
  readonly failures: number;
  readonly openMs: Ms;
  readonly maxOpenMs: Ms;
}

export const DEFAULT_RETRY: RetryPolicy = { attempts: 2, delaysMs: [30_000, 120_000], jitter: 0.25 };
export const DEFAULT_BREAKER: BreakerPolicy = { failures: 3, openMs: 30 * 60_000, maxOpenMs: 4 * 3_600_000 };
const DEFAULT_LANES: Readonly<Record<string, number>> = { agent: 1, command: 4, inline: 16 };
export const DEFAULT_COMMAND_TIMEOUT_MS: Ms = 5 * 60_000;
export const DEFAULT_AGENT_TIMEOUT_MS: Ms = 30 * 60_000;
export const DEFAULT_IDLE_TIMEOUT_MS: Ms = 30 * 60_000;
export const DEFAULT_KILL_GRACE_MS: Ms = 5_000;
export const DEFAULT_LOG_CAP_BYTES = 256 * 1024 * 1024;

/** What the bus itself is set to (`cadences/bus.yaml`). */
export interface BusSettings {
  readonly lanes: Readonly<Record<string, number>>;
  readonly claudePath: string | undefined;
  /** What all cadences together may spend. */
  readonly budget: BusBudget | undefined;
  readonly scheduler: SchedulerKind;
  /** The free questions that `bus.yaml` names, by account. */
  readonly probes: Readonly<Record<string, { readonly argv: readonly string[]; readonly env: readonly string[] }>>;
  readonly heartbeat: HeartbeatSettings;
  readonly selfDiagnosis: SelfDiagnosisSettings;
  /** Below this much free disk nothing new is started. */
  readonly minFreeBytes: number;
  /** For every cadence, as far as it says nothing else. */
  readonly notify?: NotifyPolicy;
  /** Who may give orders from a chat, by the kind of chat. */
  readonly chat?: Readonly<Partial<Record<'slack' | 'discord' | 'telegram', readonly string[]>>>;
  readonly retentionMs: Ms;
  readonly retentionBytes: number;
  readonly retentionRuns: number | undefined;
}

export const DEFAULT_SETTINGS: BusSettings = {
  lanes: DEFAULT_LANES,
  claudePath: undefined,
  budget: undefined,
  scheduler: 'builtin',
  probes: {},
  heartbeat: DEFAULT_HEARTBEAT,
  selfDiagnosis: DEFAULT_SELF_DIAGNOSIS,
  minFreeBytes: 200 * 1024 * 1024,
  retentionMs: 90 * 86_400_000,
  retentionBytes: 2 * 1024 * 1024 * 1024,
  retentionRuns: undefined,
};
