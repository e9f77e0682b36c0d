import { fittingName } from '../builtin.ts';
import type { Cadence, RunKind } from '../cadence.ts';
import { controlCadence } from '../control.ts';
import type { Paths } from '../paths.ts';
import { DIAGNOSIS } from './ladder.ts';
import type { AgentRung, LadderPolicy } from './rung.ts';

/**
 * The cadences that mend others. They are runs like every other: budget, timeout, account, log, cancel and halt are theirs.
 *
 *     bus-mend-<cadence>       its programs that mend (`on_failure: [{when: …, command: …}]`)
 *     bus-heal-<cadence>       its agents; the second one is bus-heal2-<cadence>
 *     bus-diagnose-<cadence>   its agent for what is no failure of a run
 */
export const WORKERS = ['command', 'agent', 'diagnose'] as const;
export type Worker = (typeof WORKERS)[number];

const PREFIX: Readonly<Record<Worker, string>> = { command: 'bus-mend', agent: 'bus-heal', diagnose: 'bus-diagnose' };
const NAME = /^bus-(?:mend|heal|diagnose)\d*-/;

/** One agent and a few programs at a time, so that a storm of failures is no storm of agents. */
export const HEAL_LANES: Readonly<Record<string, number>> = { 'bus-heal': 1, 'bus-mend': 2 };

export interface Healing {
  /** The cadence that is mended. */
  readonly cadence: Cadence;
  /** The rung of its ladder; DIAGNOSIS: `on_diagnose`. */
  readonly rung: number;
  readonly worker: Worker;
}

export function isHealCadence(name: string): boolean {
  return NAME.test(name);
}

function workerOf(policy: LadderPolicy, rung: number): Worker | undefined {
  if (rung === DIAGNOSIS) return policy.diagnose === undefined ? undefined : 'diagnose';
  const kind = policy.rungs[rung]?.action.kind;
  return kind === 'command' || kind === 'agent' ? kind : undefined;
}

/** undefined: this rung sets nobody to work. */
export function healCadence(cadence: Pick<Cadence, 'name' | 'ladder'>, rung: number): string | undefined {
  const policy = cadence.ladder;
  const worker = policy === undefined ? undefined : workerOf(policy, rung);
  if (policy === undefined || worker === undefined) return undefined;
  const before = policy.rungs.slice(0, Math.max(0, rung)).filter(({ action }) => action.kind === worker).length;
  return fittingName(`${PREFIX[worker]}${before === 0 ? '' : before + 1}-`, cadence.name);
}

/** All that mend this cadence, in the order of its ladder. */
export function healersOf(cadence: Pick<Cadence, 'name' | 'ladder'>): readonly string[] {
  const rungs = cadence.ladder === undefined ? [] : [DIAGNOSIS, ...cadence.ladder.rungs.keys()];
  return rungs.flatMap((rung) => healCadence(cadence, rung) ?? []);
}

/** The key of the tick that sets somebody to work on a fix. */
export const workKey = ({ incident_id, n }: { readonly incident_id: string; readonly n: number }): string => `fix:${incident_id}:${n}`;

/** Whose work it is. undefined: nobody's any more. */
export function findHealing(name: string, cadences: readonly Cadence[]): Healing | undefined {
  for (const cadence of cadences) {
    const policy = cadence.ladder;
    if (policy === undefined) continue;
    for (let rung = DIAGNOSIS; rung < policy.rungs.length; rung += 1) {
      const worker = workerOf(policy, rung);
      if (worker !== undefined && healCadence(cadence, rung) === name) return { cadence, rung, worker };
    }
  }
  return undefined;
}

export function agentOf(policy: LadderPolicy, rung: number): AgentRung | undefined {
  if (rung === DIAGNOSIS) return policy.diagnose;
  const action = policy.rungs[rung]?.action;
  return action?.kind === 'agent' ? action : undefined;
}

/** An owner that dies before who mends has begun, or ended, is no reason to ask nobody. */
export const HEAL_ATTEMPTS = 3;

/** It never runs beside a run in the same workspace. What fails is given up: who tries again is the ladder's to decide. */
export function healDefinition(name: string, { cadence, rung, worker }: Healing, paths: Paths): Cadence | undefined {
  const base = {
    ...controlCadence(paths),
    name,
    path: cadence.path,
    workspace: cadence.workspace,
    retry: { attempts: HEAL_ATTEMPTS, delaysMs: [0], jitter: 0 },
  };
  const action = cadence.ladder?.rungs[rung]?.action;
  if (action?.kind === 'command') {
    return { ...base, description: `Mends ${cadence.name}`, lane: 'bus-mend', run: action.run, timeoutMs: action.timeoutMs, idleTimeoutMs: 0 };
  }
  const agent = cadence.ladder === undefined ? undefined : agentOf(cadence.ladder, rung);
  if (agent === undefined || agent.by.kind === 'session') return undefined;
  return {
    ...base,
    description: worker === 'diagnose' ? `Finds out what is wrong with ${cadence.name}` : `Mends ${cadence.name}`,
    lane: 'bus-heal',
    run: agentRun(agent, ''),
    account: agent.account,
    timeoutMs: agent.timeoutMs,
    budget: { runUsd: agent.maxUsd, dayUsd: agent.dayUsd, monthUsd: undefined, dayRuns: undefined, monthRuns: undefined },
  };
}

/** A session is asked, not run: it has no kind. */
export function agentRun({ by, cwd, env, maxUsd }: AgentRung, promptPath: string): RunKind {
  if (by.kind === 'agent') return { kind: 'agent', promptPath, argv: by.argv, output: by.output, cwd, env };
  return { kind: 'claude', promptPath, args: by.kind === 'claude' ? by.args : [], cwd, env, maxUsd, resumes: false };
}

/** What its answer may set in the environment of the cadence: what the cadence names, its rules do, and it is allowed. */
export function settableBy({ run, ladder }: Pick<Cadence, 'run' | 'ladder'>, more: readonly string[]): readonly string[] {
  const own = run.kind === 'inline' ? [] : [...run.env.names, ...Object.keys(run.env.values)];
  const rules = (ladder?.rungs ?? []).flatMap(({ action }) => (action.kind === 'restart_with_env' ? Object.keys(action.set) : []));
  return [...new Set([...own, ...rules, ...more])];
}
