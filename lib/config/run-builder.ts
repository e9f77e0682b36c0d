import type { EnvSpec, RunKind } from '../core/cadence.ts';
import { type CommandWords, splitCommand } from '../wire/command-words.ts';
import type { KeyPath, SourceProblem } from '../wire/problem.ts';
import type { AgentFile, ClaudeFile, ClaudeRunFile, CommandRunFile, EnvFile, InlineRunFile, RunFile } from '../wire/run-kind.ts';
import type { YamlSource } from '../wire/yaml-source.ts';
import { absolutePath } from './absolute-path.ts';

/** What a definition needs of the disk: where it is missing, `problem` is what to say. */
export interface Needed {
  readonly path: string;
  readonly kind: 'file' | 'program';
  readonly problem: SourceProblem;
  /** The agent of several that needs it. */
  readonly slot?: string | undefined;
}

export interface BuildContext {
  readonly source: YamlSource;
  readonly root: string;
  readonly home: string;
  /** The .md file itself, for a claude cadence. */
  readonly promptPath: string;
  /** What its budget lets one run cost. */
  readonly runUsd?: number | undefined;
  /** The agent of several that this is. */
  readonly slot?: string;
  readonly problems: SourceProblem[];
  readonly needed: Needed[];
}

/** These say how the program is spoken to, and are ours; `args` must not say otherwise. */
const OUR_ARGS = ['-p', '--print', '--output-format', '--input-format', '--verbose', '--session-id', '-r', '--resume', '-c', '--continue'];

export function buildRun(run: RunFile, key: 'run' | 'guard' | 'verify', context: BuildContext): RunKind | undefined {
  if ('command' in run) return buildCommand(run, [key], context);
  if ('agent' in run) return buildAgent(run.agent, [key, 'agent'], context);
  return 'inline' in run ? buildInline(run, [key], context) : buildClaude(run, [key, 'claude'], context);
}

/** Its words are those of a command. */
export function buildAgent({ output = 'text', ...given }: AgentFile, at: KeyPath, context: BuildContext): Extract<RunKind, { kind: 'agent' }> | undefined {
  const built = buildCommand(given, at, context);
  return built === undefined ? undefined : { kind: 'agent', promptPath: context.promptPath, argv: built.argv, output, cwd: built.cwd, env: built.env };
}

export function buildCommand(run: CommandRunFile, at: KeyPath, context: BuildContext): Extract<RunKind, { kind: 'command' }> | undefined {
  const shell = run.shell ?? false;
  const cwd = absolutePath(run.cwd ?? '.', context.root, context.home);
  const argv = buildArgv(run.command, shell, cwd, [...at, 'command'], context);
  const args = writtenWords(run.args ?? [], [...at, 'args'], context.source);
  const dryRunArgv = buildDryRun(run, argv, shell, cwd, at, context);
  const env = writtenEnv(run.env, [...at, 'env'], context.source);
  if (argv === undefined) return undefined;
  const more = { ...(run.output === undefined ? {} : { output: run.output }), ...(dryRunArgv === undefined ? {} : { dryRunArgv }) };
  return { kind: 'command', argv: [...argv, ...args], shell, cwd, env, okCodes: run.ok_codes ?? [0], ...more };
}

function buildArgv(command: CommandRunFile['command'], shell: boolean, cwd: string, at: KeyPath, context: BuildContext): readonly string[] | undefined {
  const words = shell ? shellText(command, at, context) : commandWords(command, at, context);
  const [program, ...rest] = words ?? [];
  if (program === undefined || shell) return words;
  return [needProgram(program, cwd, typeof command === 'string' ? at : [...at, 0], context), ...rest];
}

/** `dry_run_args` stand in the place of `args`, behind the command for dry runs if there is one. */
function buildDryRun(
  run: CommandRunFile,
  argv: readonly string[] | undefined,
  shell: boolean,
  cwd: string,
  at: KeyPath,
  context: BuildContext,
): readonly string[] | undefined {
  const { dry_run_args: given, dry_run_command: command } = run;
  if (given === undefined && command === undefined) return undefined;
  const args = writtenWords(given ?? [], [...at, 'dry_run_args'], context.source);
  const start = command === undefined ? argv : buildArgv(command, shell, cwd, [...at, 'dry_run_command'], context);
  return start === undefined ? undefined : [...start, ...args];
}

/** `argv` of a shell command is that one text, and then its arguments. */
function shellText(command: CommandRunFile['command'], at: KeyPath, { source, problems }: BuildContext): readonly string[] | undefined {
  if (typeof command === 'string') return [command];
  problems.push(source.problem(at, 'found a list, expected one text, because shell is true', 'Write the command as one text, or remove shell: true.'));
  return undefined;
}

function commandWords(command: CommandRunFile['command'], at: KeyPath, { source, problems }: BuildContext): readonly string[] | undefined {
  const words: CommandWords = typeof command === 'string' ? splitCommand(command) : { kind: 'words', words: writtenWords(command, at, source) };
  switch (words.kind) {
    case 'words':
      if (words.words[0] !== undefined && words.words[0] !== '') return words.words;
      problems.push(source.problem(at, 'the program is an empty word, expected its name or path'));
      return undefined;
    case 'shell_syntax':
      problems.push(
        source.problem(at, `found ${words.found}, which only a shell understands`, 'Set shell: true, or put quotes around it, or write the command as a list.'),
      );
      return undefined;
    case 'unclosed':
      problems.push(
        source.problem(
          at,
          `${words.quote === '\\' ? 'a backslash guards nothing' : `the quote ${words.quote} is never closed`}`,
          'Close it, or write the command as a list.',
        ),
      );
      return undefined;
  }
}

/** A bare name is looked for on the PATH when it is run; a path is the same file for every working folder, and must be there. */
function needProgram(program: string, cwd: string, at: KeyPath, { source, needed, home, slot }: BuildContext): string {
  if (!program.includes('/') && program !== '~') return program;
  const path = absolutePath(program, cwd, home);
  needed.push({
    path,
    kind: 'program',
    slot,
    problem: source.problem(at, `there is no program ${path}`, 'Correct the path; it is relative to cwd, and that to the agent root.'),
  });
  return path;
}

function buildInline(run: InlineRunFile, at: KeyPath, { source, root, home, problems, needed }: BuildContext): RunKind {
  const file = absolutePath(run.inline, root, home);
  const place = [...at, 'inline'];
  if (!/\.[cm]?[jt]s$/.test(file))
    problems.push(source.problem(place, `found ${JSON.stringify(run.inline)}, expected a module (.js, .mjs, .cjs, .ts, .mts)`, 'For a program use command.'));
  else
    needed.push({
      path: file,
      kind: 'file',
      problem: source.problem(place, `there is no file ${file}`, 'Correct the path; it is relative to the agent root.'),
    });
  return { kind: 'inline', file };
}

export function buildClaude(run: ClaudeRunFile, at: KeyPath, context: BuildContext): Extract<RunKind, { kind: 'claude' }> {
  const given: ClaudeFile = run.claude ?? {};
  return {
    kind: 'claude',
    promptPath: context.promptPath,
    args: claudeArgs(given, at, context),
    cwd: absolutePath(given.cwd ?? '.', context.root, context.home),
    env: writtenEnv(given.env, [...at, 'env'], context.source),
    ...(given.max_usd === undefined ? {} : { maxUsd: given.max_usd }),
    ...(given.resume === undefined ? {} : { resumes: given.resume }),
  };
}

/**
 * The tail of the argument list. `--allowedTools` and its like take every word up to the next one with a dash, so they
 * stand before options that take one word, and `args` must begin with a dash.
 */
function claudeArgs(given: ClaudeFile, at: KeyPath, context: BuildContext): readonly string[] {
  const option = (name: string, value: string | number | undefined) => (value === undefined ? [] : [name, String(value)]);
  const tools = (name: string, value: readonly string[] | undefined) => (value === undefined || value.length === 0 ? [] : [name, value.join(',')]);
  const schema = given.json_schema === undefined ? undefined : JSON.stringify(given.json_schema);
  return [
    ...option('--model', given.model),
    ...tools('--fallback-model', given.fallback_model === undefined ? undefined : [given.fallback_model].flat()),
    ...option('--max-turns', given.max_turns),
    ...tools('--allowedTools', given.allowed_tools),
    ...tools('--disallowedTools', given.disallowed_tools),
    ...option('--permission-mode', given.permission_mode),
    ...option('--json-schema', schema),
    ...mcpArgs(given.mcp_config, [...at, 'mcp_config'], context),
    ...option('--append-system-prompt', given.append_system_prompt),
    ...option('--max-budget-usd', least(given.max_usd, context.runUsd)),
    ...moreArgs(given.args ?? [], [...at, 'args'], context),
  ];
}

/** claude stops by itself at the cap, too, so that a run whose owner has died has one. */
function least(...caps: readonly (number | undefined)[]): number | undefined {
  const given = caps.filter((cap) => cap !== undefined);
  return given.length === 0 ? undefined : Math.min(...given);
}

function mcpArgs(given: string | readonly string[] | undefined, at: KeyPath, { source, root, home, needed, slot }: BuildContext): readonly string[] {
  if (given === undefined) return [];
  const isOne = typeof given === 'string';
  const files = (isOne ? [given] : given).map((file) => absolutePath(file, root, home));
  for (const [index, path] of files.entries()) {
    const problem = source.problem(isOne ? at : [...at, index], `there is no file ${path}`, 'Correct the path; it is relative to the agent root.');
    needed.push({ path, kind: 'file', slot, problem });
  }
  return ['--mcp-config', ...files, '--strict-mcp-config'];
}

function moreArgs(given: readonly (string | number | boolean)[], at: KeyPath, { source, problems }: BuildContext): readonly string[] {
  const words = writtenWords(given, at, source);
  for (const [index, word] of words.entries()) {
    const ours = OUR_ARGS.find((name) => word === name || word.startsWith(`${name}=`));
    if (ours !== undefined) problems.push(source.problem([...at, index], `${ours} is set by the program itself`, 'Remove it.'));
  }
  const [first] = words;
  if (first !== undefined && !first.startsWith('-')) {
    problems.push(source.problem([...at, 0], `found ${JSON.stringify(first)}, expected an option that begins with -`, 'The prompt is the body of the file.'));
  }
  return words;
}

function writtenEnv(given: EnvFile | undefined, at: KeyPath, source: YamlSource): EnvSpec {
  const names: string[] = [];
  const values: Record<string, string> = {};
  const take = (map: Readonly<Record<string, string | number | boolean>>, place: KeyPath) => {
    for (const [name, value] of Object.entries(map)) values[name] = written(value, [...place, name], source);
  };
  if (Array.isArray(given)) {
    for (const [index, item] of given.entries()) {
      if (typeof item === 'string') names.push(item);
      else take(item, [...at, index]);
    }
  } else if (given !== undefined) take(given, at);
  return { names: [...new Set(names)].filter((name) => !Object.hasOwn(values, name)), values };
}

function writtenWords(words: readonly (string | number | boolean)[], at: KeyPath, source: YamlSource): readonly string[] {
  return words.map((word, index) => written(word, [...at, index], source));
}

/** `0644` and `1.10` are handed on as they were written, not as the numbers that YAML sees in them. */
function written(value: string | number | boolean, at: KeyPath, source: YamlSource): string {
  return typeof value === 'string' ? value : (source.writtenAt(at) ?? String(value));
}
