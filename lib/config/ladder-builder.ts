import type { EnvSpec, RunKind } from '../core/cadence.ts';
import { HEAL_SCHEMA } from '../core/heal/answer.ts';
import { parseEnvChange } from '../core/heal/env-change.ts';
import {
  type Action,
  type AgentProgram,
  type AgentRung,
  CALLBACK_TIMEOUT_MS,
  CONTEXT_PARTS,
  DEFAULT_MAX_WALL_MS,
  DEFAULT_PER_HOUR,
  DIAGNOSE_TIMEOUT_MS,
  defaultEscalateAfter,
  type LadderPolicy,
  type Rung,
  SESSION_TIMEOUT_MS,
} from '../core/heal/rung.ts';
import { hasContextWords } from '../core/notice/follow-context.ts';
import { parseDuration } from '../core/time/duration.ts';
import type { Ms } from '../core/time/instant.ts';
import type { AgentRungFile, HealFile, OnFailureEntry, RungFile } from '../wire/ladder.ts';
import type { KeyPath } from '../wire/problem.ts';
import { absolutePath } from './absolute-path.ts';
import { accountOf } from './agent-builder.ts';
import { type BuildContext, buildAgent as buildAgentRun, buildClaude, buildCommand } from './run-builder.ts';

interface LadderKeys {
  readonly on_failure: readonly OnFailureEntry[];
  readonly on_diagnose?: AgentRungFile | null | undefined;
  readonly heal?: HealFile | undefined;
}

/** P13 and P14: what an agent may do and spend where nothing is said. */
const MENDING = { timeoutMs: CALLBACK_TIMEOUT_MS, maxTurns: 5, maxUsd: 2, tools: ['Read', 'Bash', 'Edit'] };
const DIAGNOSING = { timeoutMs: DIAGNOSE_TIMEOUT_MS, maxTurns: 10, maxUsd: 3, tools: ['Read', 'Bash', 'Edit', 'Grep', 'Glob'] };
const READING = ['Read', 'Grep', 'Glob'];

/** undefined: nobody mends it. */
export function buildLadder(file: LadderKeys, run: RunKind, attempts: number, context: BuildContext): LadderPolicy | undefined {
  const rungs = file.on_failure.flatMap((entry) => ('rung' in entry ? buildRung(entry.rung, entry.at, run, context) : []));
  const diagnose = file.on_diagnose === undefined ? undefined : buildAgent(file.on_diagnose ?? {}, ['on_diagnose'], run, context, DIAGNOSING);
  if (rungs.length === 0 && diagnose === undefined && file.heal === undefined) return undefined;
  const { escalate_after, regression, per_hour, max_wall } = file.heal ?? {};
  return {
    rungs,
    diagnose,
    escalateAfter: escalate_after ?? defaultEscalateAfter(attempts),
    onRegression: regression ?? 'revert',
    perHour: per_hour ?? DEFAULT_PER_HOUR,
    maxWallMs: ms(max_wall, DEFAULT_MAX_WALL_MS),
    attempts,
  };
}

function buildRung(given: RungFile, at: number | undefined, run: RunKind, context: BuildContext): readonly Rung[] {
  const place = at === undefined ? ['on_failure'] : ['on_failure', at];
  const action = buildAction(given, place, run, context);
  return action === undefined ? [] : [{ when: buildWhen(given.when), action }];
}

function buildWhen(given: RungFile['when']): Rung['when'] {
  const { detector, message } = typeof given === 'string' ? { detector: given, message: undefined } : (given ?? {});
  const named = detector === undefined || detector === 'any' ? {} : { detector };
  return Object.keys(named).length === 0 && message === undefined ? undefined : { ...named, ...(message === undefined ? {} : { message }) };
}

function buildAction(given: RungFile, at: KeyPath, run: RunKind, context: BuildContext): Action | undefined {
  const word = (['retry', 'restart', 'pause', 'abort'] as const).find((name) => given[name] !== undefined);
  if (word !== undefined) return { kind: word };
  if (given.restart_with_env !== undefined) {
    const set = Object.entries(given.restart_with_env).map(([name, value]) => [name, parseEnvChange(String(value))] as const);
    return { kind: 'restart_with_env', set: Object.fromEntries(set) };
  }
  if (given.agent !== undefined) return { kind: 'agent', ...buildAgent(given.agent ?? {}, [...at, 'agent'], run, context, MENDING) };
  if (given.notify !== undefined) return { kind: 'notify', sinks: Array.isArray(given.notify) ? given.notify : [] };
  return buildCallback(given, at, context);
}

function buildCallback(given: RungFile, at: KeyPath, context: BuildContext): Action | undefined {
  const { command, shell, args, cwd, env, timeout, verify } = given;
  if (command === undefined) return undefined;
  if (shell === true && typeof command === 'string' && hasContextWords(command)) {
    const hint = 'In a line for a shell write "$CADENCE_ERROR" and the like: what a program said must not become a part of the line.';
    context.problems.push(context.source.problem([...at, 'command'], 'words in braces have no place in a line for a shell', hint));
  }
  const written = { command, ...(shell === undefined ? {} : { shell }), ...(args === undefined ? {} : { args }), ...(cwd === undefined ? {} : { cwd }) };
  const run = buildCommand({ ...written, ...(env === undefined ? {} : { env }) }, at, context);
  return run === undefined ? undefined : { kind: 'command', run, timeoutMs: ms(timeout, CALLBACK_TIMEOUT_MS), verifyMs: ms(verify, 0) };
}

function buildAgent(given: AgentRungFile, at: KeyPath, run: RunKind, context: BuildContext, usual: typeof MENDING): AgentRung {
  const { root, home, source, problems, needed } = context;
  const promptPath = given.prompt === undefined ? undefined : absolutePath(given.prompt, root, home);
  if (promptPath !== undefined) {
    const problem = source.problem([...at, 'prompt'], `there is no file ${promptPath}`, 'Correct the path; it is relative to the agent root.');
    needed.push({ path: promptPath, kind: 'file', problem });
  }
  if (given.session === true && given.command !== undefined)
    problems.push(source.problem([...at, 'session'], 'with session: true nobody is started, so command says nothing', 'Remove one of them.', 'key'));
  const maxUsd = given.max_usd ?? usual.maxUsd;
  const built = buildProgram({ ...given, max_usd: maxUsd }, at, context, usual);
  const isSession = given.session === true;
  return {
    promptPath,
    by: isSession ? { kind: 'session' } : built.by,
    cwd: given.cwd === undefined ? ('cwd' in run ? run.cwd : root) : built.cwd,
    env: built.env,
    timeoutMs: ms(given.timeout, isSession ? SESSION_TIMEOUT_MS : usual.timeoutMs),
    maxUsd,
    dayUsd: given.day_usd,
    verifyMs: ms(given.verify, 0),
    maySet: given.may_set ?? [],
    include: given.include ?? CONTEXT_PARTS,
    account: isSession || built.run === undefined ? undefined : accountOf(built.run),
  };
}

interface Program {
  readonly by: AgentProgram;
  readonly cwd: string;
  readonly env: EnvSpec;
  readonly run: RunKind | undefined;
}

const NO_ENV: EnvSpec = { names: [], values: {} };

/** As a run of the same kind would be started; tools are limited by this file, and by nothing that is read later. */
function buildProgram(given: AgentRungFile, at: KeyPath, context: BuildContext, usual: typeof MENDING): Program {
  const { cwd, env } = given;
  const where = { ...(cwd === undefined ? {} : { cwd }), ...(env === undefined ? {} : { env }) };
  if (given.command !== undefined) {
    const run = buildAgentRun({ command: given.command, ...(given.output === undefined ? {} : { output: given.output }), ...where }, at, context);
    if (run === undefined) return { by: { kind: 'session' }, cwd: context.root, env: NO_ENV, run: undefined };
    return { by: { kind: 'agent', argv: run.argv, output: run.output }, cwd: run.cwd, env: run.env, run };
  }
  const tools = given.diagnose_only === true ? READING : (given.allowed_tools ?? usual.tools);
  const { model, fallback_model, disallowed_tools, append_system_prompt, args } = given;
  const said = Object.entries({ model, fallback_model, disallowed_tools, append_system_prompt, args }).filter(([, value]) => value !== undefined);
  const own = { max_turns: given.max_turns ?? usual.maxTurns, allowed_tools: tools, permission_mode: given.permission_mode ?? ('dontAsk' as const) };
  const asked = { ...Object.fromEntries(said), ...own, json_schema: HEAL_SCHEMA, max_usd: given.max_usd, ...where };
  const run = buildClaude({ claude: asked }, at, context);
  return { by: { kind: 'claude', args: ['--tools', toolNames(tools), '--no-session-persistence', ...run.args] }, cwd: run.cwd, env: run.env, run };
}

/** What may be used without asking is all that there is. */
function toolNames(tools: readonly string[]): string {
  return [...new Set(tools.map((tool) => tool.replace(/\(.*$/s, '')))].filter((name) => !name.startsWith('mcp__')).join(',');
}

function ms(given: string | undefined, otherwise: Ms): Ms {
  return given === undefined ? otherwise : (parseDuration(given) ?? otherwise);
}
