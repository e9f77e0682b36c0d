import type { Cadence, CommandRun, EnvSpec, RunKind } from '../../core/cadence.ts';
import type { BudgetPolicy } from '../../core/money/budget.ts';
import type { CadenceSchedule } from '../../core/time/schedule.ts';
import { describeSchedule } from '../../core/time/schedule-sentence.ts';
import { viewVerify } from './verify-view.ts';

/** A cadence with every default filled in, in the names that are shown: those of the files, with their units. */
export function viewCadence(cadence: Cadence): Readonly<Record<string, unknown>> {
  const { retry, breaker, about } = cadence;
  return {
    description: cadence.description,
    enabled: cadence.enabled,
    run: viewRun(cadence.run),
    guard: cadence.guard === undefined ? null : viewRun(cadence.guard),
    lane: cadence.lane,
    workspace: cadence.workspace ?? null,
    account: cadence.account ?? null,
    agents: (cadence.slots ?? []).map(({ name, run, account, isForDiagnosis }) => ({
      name,
      run: viewRun(run),
      account: account ?? null,
      only: isForDiagnosis ? 'diagnosis' : null,
    })),
    diagnosis: cadence.isDiagnosis ?? false,
    schedule: cadence.schedule === undefined ? null : viewSchedule(cadence.schedule),
    overlap: overlapOf(cadence),
    expires_ms: cadence.expiresMs ?? null,
    timeout_ms: cadence.timeoutMs,
    idle_timeout_ms: cadence.idleTimeoutMs,
    kill_grace_ms: cadence.killGraceMs,
    log_cap_bytes: cadence.logCapBytes,
    retry: { attempts: retry.attempts, delays_ms: retry.delaysMs, jitter: retry.jitter },
    breaker: { failures: breaker.failures, open_ms: breaker.openMs, max_open_ms: breaker.maxOpenMs },
    budget: cadence.budget === undefined ? null : viewBudget(cadence.budget),
    schema: cadence.schema ?? null,
    summary: cadence.summary ?? null,
    verify: viewVerify(cadence.verify),
    config_snapshots: cadence.snapshots ?? [],
    required_env: cadence.requiredEnv,
    inputs: about.inputs,
    outputs: about.outputs,
    network: about.network,
    destructive: about.destructive,
  };
}

/** Without the key it is none of its three values: each tick by where it comes from. */
export function overlapOf({ overlap }: Pick<Cadence, 'overlap'>): string {
  return overlap ?? 'scheduled ticks coalesce, others queue';
}

/** In the names of the file; what is not limited is null. */
function viewBudget(budget: BudgetPolicy): Readonly<Record<string, number | null>> {
  return {
    run_usd: budget.runUsd ?? null,
    day_usd: budget.dayUsd ?? null,
    month_usd: budget.monthUsd ?? null,
    day_runs: budget.dayRuns ?? null,
    month_runs: budget.monthRuns ?? null,
  };
}

export function viewSchedule(schedule: CadenceSchedule): Readonly<Record<string, unknown>> {
  const { rules, timezone, catchup, windowMs, staggerMs, jitterMs } = schedule;
  return {
    lines: [...new Set(rules.map(({ text }) => text))],
    timezone: timezone ?? null,
    sentence: describeSchedule(schedule),
    catchup,
    window_ms: windowMs ?? null,
    stagger_ms: staggerMs,
    jitter_ms: jitterMs,
  };
}

export function viewRun(run: RunKind): Readonly<Record<string, unknown>> {
  switch (run.kind) {
    case 'inline':
      return { kind: run.kind, file: run.file };
    case 'command':
      return { kind: run.kind, argv: run.argv, shell: run.shell, cwd: run.cwd, env: namesOf(run.env), ok_codes: run.okCodes, ...viewOutput(run) };
    case 'agent':
      return { kind: run.kind, prompt_path: run.promptPath, argv: run.argv, output: run.output, cwd: run.cwd, env: namesOf(run.env) };
    case 'claude':
      return { kind: run.kind, prompt_path: run.promptPath, args: run.args, cwd: run.cwd, env: namesOf(run.env) };
  }
}

function viewOutput({ output = 'text', dryRunArgv }: CommandRun): Readonly<Record<string, unknown>> {
  return { output, dry_run_argv: dryRunArgv ?? null };
}

/** What a variable is set to may be a secret, and what is shown is kept in many places. */
function namesOf({ names, values }: EnvSpec): readonly string[] {
  return [...new Set([...names, ...Object.keys(values)])];
}
