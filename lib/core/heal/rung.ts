import { FOUND_DETECTORS } from '../incident/finding.ts';
import type { CommandRun, EnvSpec } from '../run-kind.ts';
import type { Ms } from '../time/instant.ts';
import type { EnvChanges } from './env-change.ts';

/** One answer to a failure, as a cadence lists them under `on_failure:`. */
export interface Rung {
  /** undefined: any failure. */
  readonly when: When | undefined;
  readonly action: Action;
}

/** Both must fit, where both are given. */
export interface When {
  readonly detector?: string;
  /** A regular expression, found anywhere in what the failure said. */
  readonly message?: string;
}

export type Action =
  | { readonly kind: 'retry' | 'restart' | 'pause' | 'abort' }
  | { readonly kind: 'restart_with_env'; readonly set: EnvChanges }
  /** A program of the user's: exit 0 it is fixed, 1 a person is needed, anything else it did not help. */
  | { readonly kind: 'command'; readonly run: CommandRun; readonly timeoutMs: Ms; readonly verifyMs: Ms }
  | ({ readonly kind: 'agent' } & AgentRung)
  /** Whom to ask when nothing else is left; none named: those of `notify:`. */
  | { readonly kind: 'notify'; readonly sinks: readonly string[] };

export interface AgentRung {
  /** The template of its prompt; undefined: the built-in one. */
  readonly promptPath: string | undefined;
  readonly by: AgentProgram;
  readonly cwd: string;
  readonly env: EnvSpec;
  readonly timeoutMs: Ms;
  readonly maxUsd: number;
  /** What its runs may cost in one day together. */
  readonly dayUsd: number | undefined;
  /** How long after the fix the same failure still counts as its regression, though a run ended well meanwhile. */
  readonly verifyMs: Ms;
  /** Variables that its answer may set, beside those that the cadence itself names. */
  readonly maySet: readonly string[];
  readonly include: readonly ContextPart[];
  readonly account: string | undefined;
}

export type AgentProgram =
  | { readonly kind: 'claude'; readonly args: readonly string[] }
  | { readonly kind: 'agent'; readonly argv: readonly string[]; readonly output: 'json' | 'text' }
  /** Nobody is started: a session that waits for requests, or a person, answers with `incidents respond`. */
  | { readonly kind: 'session' };

export const CONTEXT_PARTS = ['state', 'report', 'configs'] as const;
export type ContextPart = (typeof CONTEXT_PARTS)[number];

/** How a cadence is mended. */
export interface LadderPolicy {
  readonly rungs: readonly Rung[];
  /** The agent for what is not a failure of a run: missed, stale, disabled. */
  readonly diagnose: AgentRung | undefined;
  /** So many restarts without a proof, and it is the agent's turn. */
  readonly escalateAfter: number;
  /** What becomes of a fix under which the same failure came back. */
  readonly onRegression: 'revert' | 'escalate' | 'ignore';
  /** Fixes of one detector in one hour; then only a person's approval goes on. */
  readonly perHour: number;
  /** How long programs and agents may work on one incident in all. */
  readonly maxWallMs: Ms;
  /** The tries of one tick: what rules may restart without a proof is bounded by it. */
  readonly attempts: number;
}

export const CALLBACK_TIMEOUT_MS: Ms = 180_000;
export const DIAGNOSE_TIMEOUT_MS: Ms = 300_000;
export const SESSION_TIMEOUT_MS: Ms = 600_000;
export const DEFAULT_PER_HOUR = 5;
export const DEFAULT_MAX_WALL_MS: Ms = 7_200_000;

/** A fifth of the tries, and at least one. */
export function defaultEscalateAfter(attempts: number): number {
  return Math.max(1, Math.floor(attempts / 5));
}

/** What is found without a run that failed. */
export function isAnomaly(detector: string): boolean {
  return FOUND_DETECTORS.some((one) => one === detector);
}

export interface Failing {
  readonly detector: string;
  readonly message: string;
}

const MOST_MESSAGE = 4_000;

function matches(when: When | undefined, { detector, message }: Failing): boolean {
  if (when === undefined) return true;
  if (when.detector !== undefined && when.detector !== detector) return false;
  return when.message === undefined || new RegExp(when.message, 'm').test(message.slice(0, MOST_MESSAGE));
}

/** The place of the first rung of such a kind that fits. */
export function firstRung(rungs: readonly Rung[], isKind: (kind: Action['kind']) => boolean, failing: Failing): number | undefined {
  const at = rungs.findIndex(({ when, action }) => isKind(action.kind) && matches(when, failing));
  return at < 0 ? undefined : at;
}

/** Known answers, tried before anybody thinks. */
export function isRule(kind: Action['kind']): boolean {
  return kind !== 'agent' && kind !== 'notify';
}
