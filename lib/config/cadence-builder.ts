import {
  type BreakerPolicy,
  type BusSettings,
  type Cadence,
  DEFAULT_AGENT_TIMEOUT_MS,
  DEFAULT_BREAKER,
  DEFAULT_COMMAND_TIMEOUT_MS,
  DEFAULT_IDLE_TIMEOUT_MS,
  DEFAULT_KILL_GRACE_MS,
  DEFAULT_LOG_CAP_BYTES,
  DEFAULT_RETRY,
  DEFAULT_SETTINGS,
  type RetryPolicy,
  type RunKind,
} from '../core/cadence.ts';
import type { BudgetPolicy } from '../core/money/budget.ts';
import { parseDuration } from '../core/time/duration.ts';
import type { Ms } from '../core/time/instant.ts';
import { type BudgetFile, checkBudget } from '../wire/budget.ts';
import type { BusSettingsFile } from '../wire/bus-settings.ts';
import type { CadenceFile } from '../wire/cadence.ts';
import { parseSize } from '../wire/size.ts';
import { absolutePath } from './absolute-path.ts';
import { type AgentDefaults, accountOf, type BuiltRun, buildWork } from './agent-builder.ts';
import { buildFollowUps, buildNotify } from './follow-up-builder.ts';
import { buildLadder } from './ladder-builder.ts';
import { type BuildContext, buildRun } from './run-builder.ts';
import { buildSchedule } from './schedule-builder.ts';
import { buildPromises } from './verify-builder.ts';
import { buildHeartbeat, buildSelfDiagnosis } from './watch-builder.ts';

/** A checked file with every default filled in. undefined: the context's problems say why. */
export function buildCadence(name: string, path: string, file: CadenceFile, context: BuildContext, defaults: AgentDefaults): Cadence | undefined {
  const work = buildWork(file, { ...context, runUsd: file.budget?.run_usd }, defaults);
  const run = work?.run;
  const guard = file.guard === undefined ? undefined : buildRun(file.guard, 'guard', context);
  const promises = buildPromises(file, run, context);
  const breaker = buildBreaker(file.breaker, context);
  context.problems.push(...checkBudget(file.budget, context.source));
  const followUps = run === undefined ? undefined : buildFollowUps(file, run, context);
  const retry = buildRetry(file.retry);
  const ladder = run === undefined ? undefined : buildLadder(file, run, retry.attempts, context);
  if (run === undefined || context.problems.length > 0) return undefined;
  return {
    name,
    path,
    description: file.description ?? '',
    enabled: file.enabled ?? true,
    run,
    guard,
    schedule: buildSchedule(file),
    // Slots that are made up for one by one are runs of their own.
    overlap: file.overlap ?? (file.catchup === 'all' ? 'queue' : undefined),
    expiresMs: file.expires === undefined ? undefined : ms(file.expires, 0),
    timeoutMs: ms(file.timeout, isAgent(run) ? DEFAULT_AGENT_TIMEOUT_MS : DEFAULT_COMMAND_TIMEOUT_MS),
    idleTimeoutMs: ms(file.idle_timeout, DEFAULT_IDLE_TIMEOUT_MS),
    killGraceMs: ms(file.kill_grace, DEFAULT_KILL_GRACE_MS),
    logCapBytes: bytes(file.log_cap, DEFAULT_LOG_CAP_BYTES),
    workspace: file.workspace === undefined ? defaultWorkspace(file, run) : absolutePath(file.workspace, context.root, context.home),
    lane: file.lane ?? defaultLane(run),
    account: work?.slots?.find((slot) => slot.run === run)?.account ?? file.account ?? accountOf(run),
    ...choiceOf(file, work),
    retry,
    breaker,
    budget: buildBudget(file.budget),
    ...(followUps === undefined ? {} : { followUps }),
    ...(ladder === undefined ? {} : { ladder }),
    requiredEnv: file.required_env ?? [],
    ...promises,
    ...(file.config_snapshots === undefined ? {} : { snapshots: file.config_snapshots.map((given) => absolutePath(given, context.root, context.home)) }),
    about: { inputs: file.inputs ?? {}, outputs: file.outputs ?? {}, network: file.network ?? true, destructive: file.destructive ?? false },
  };
}

/** As plain JSON: it is the same when it was kept and is read again. */
export function buildSettings(file: BusSettingsFile, root: string, home: string): BusSettings {
  return JSON.parse(JSON.stringify(settingsOf(file, root, home))) as BusSettings;
}

function settingsOf(file: BusSettingsFile, root: string, home: string): BusSettings {
  return {
    lanes: { ...DEFAULT_SETTINGS.lanes, ...file.lanes },
    ...(file.notify === undefined ? {} : { notify: buildNotify(file.notify, root) }),
    ...(file.chat === undefined ? {} : { chat: buildChat(file.chat) }),
    claudePath: file.claude?.path === undefined ? undefined : absolutePath(file.claude.path, root, home),
    budget: buildBudget(file.budget),
    scheduler: file.scheduler ?? DEFAULT_SETTINGS.scheduler,
    probes: Object.fromEntries(Object.entries(file.accounts ?? {}).map(([name, { probe, env = [] }]) => [name, { argv: probe.map(String), env }])),
    heartbeat: buildHeartbeat(file.heartbeat),
    selfDiagnosis: buildSelfDiagnosis(file.self_diagnosis),
    minFreeBytes: bytes(file.min_free, DEFAULT_SETTINGS.minFreeBytes),
    retentionMs: ms(file.retention?.age, DEFAULT_SETTINGS.retentionMs),
    retentionBytes: bytes(file.retention?.size, DEFAULT_SETTINGS.retentionBytes),
    retentionRuns: file.retention?.runs ?? DEFAULT_SETTINGS.retentionRuns,
  };
}

function buildChat(given: NonNullable<BusSettingsFile['chat']>): NonNullable<BusSettings['chat']> {
  return Object.fromEntries(Object.entries(given).map(([kind, ids]) => [kind, (ids ?? []).map(String)]));
}

function buildRetry(given: CadenceFile['retry']): RetryPolicy {
  return {
    attempts: given?.attempts ?? DEFAULT_RETRY.attempts,
    delaysMs: given?.delays?.map((delay) => ms(delay, 0)) ?? DEFAULT_RETRY.delaysMs,
    jitter: given?.jitter ?? DEFAULT_RETRY.jitter,
  };
}

/** An empty map limits nothing. */
function buildBudget(given: BudgetFile | undefined): BudgetPolicy | undefined {
  if (given === undefined || Object.keys(given).length === 0) return undefined;
  return { runUsd: given.run_usd, dayUsd: given.day_usd, monthUsd: given.month_usd, dayRuns: given.day_runs, monthRuns: given.month_runs };
}

function choiceOf({ diagnosis }: CadenceFile, work: BuiltRun | undefined): Pick<Cadence, 'slots' | 'provider' | 'isDiagnosis'> {
  const choice = work?.slots === undefined ? {} : { slots: work.slots, provider: work.provider };
  return { ...choice, ...(diagnosis === undefined ? {} : { isDiagnosis: diagnosis }) };
}

/** A longer `open` alone raises the most; a `max_open` below `open` is a contradiction. */
function buildBreaker(given: CadenceFile['breaker'], { source, problems }: BuildContext): BreakerPolicy {
  const openMs = ms(given?.open, DEFAULT_BREAKER.openMs);
  const maxOpenMs = ms(given?.max_open, Math.max(DEFAULT_BREAKER.maxOpenMs, openMs));
  if (maxOpenMs < openMs) {
    problems.push(
      source.problem(
        ['breaker', 'max_open'],
        `found ${given?.max_open}, expected no less than open (${given?.open ?? '30m'})`,
        'It is the longest a circuit stays open.',
      ),
    );
  }
  return { failures: given?.failures ?? DEFAULT_BREAKER.failures, openMs, maxOpenMs };
}

function defaultWorkspace(file: CadenceFile, run: RunKind): string | undefined {
  switch (run.kind) {
    case 'inline':
      return undefined;
    case 'command':
      return 'command' in file.run && file.run.cwd !== undefined ? run.cwd : undefined;
    case 'claude':
    case 'agent':
      return run.cwd;
  }
}

function defaultLane(run: RunKind): string {
  return isAgent(run) ? 'agent' : run.kind;
}

const isAgent = ({ kind }: RunKind): boolean => kind === 'claude' || kind === 'agent';

function ms(given: string | 0 | undefined, otherwise: Ms): Ms {
  return given === undefined ? otherwise : given === 0 ? 0 : (parseDuration(given) ?? otherwise);
}

function bytes(given: string | undefined, otherwise: number): number {
  return given === undefined ? otherwise : (parseSize(given) ?? otherwise);
}
