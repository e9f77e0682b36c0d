import * as z from 'zod';
import { commandLine, runCommandKeys } from './output.ts';
import { choice, count, env, flag, keys, list, path, text, word } from './value.ts';

/** The ways to run something, as they are written. Exactly one of `command`, `inline`, `claude`, `agent` names the kind. */
export const RUN_KINDS = ['command', 'inline', 'claude', 'agent'] as const;
export type RunKindName = (typeof RUN_KINDS)[number];

const commandKeys = {
  command: commandLine.describe(
    'The program and its arguments as a list. One text is split at spaces, with quotes, and is no shell line unless shell is true.',
  ),
  shell: flag.optional().describe('true: command is one text for /bin/sh -c. Default: false.'),
  cwd: path.optional().describe('The folder to run in. Default: the agent root.'),
  env: env.optional().describe('What the command sees of the environment: names are passed through, NAME: value is given.'),
  ok_codes: list(count(0, 255), 'a list of exit codes from 0 to 255', 1).optional().describe('Exit codes that mean success. Default: [0].'),
};
const COMMAND_MAP = 'a map such as {command: [./x.sh]}';
export const commandRun = keys({ ...commandKeys, ...runCommandKeys }, COMMAND_MAP);
/** A guard, and a look for evidence, say what they have to say with their exit code. */
export const commandLook = keys(commandKeys, COMMAND_MAP);

export const inlineRun = keys(
  { inline: path.describe('A module (.js, .mjs, .ts) whose default export is async (tick, context) => answer.') },
  'a map such as {inline: ./x.mjs}',
);

const TOOLS = 'a list of tools such as [Read, "Bash(git *)"]';
const tool = z
  .string({ error: TOOLS })
  .refine((given) => given.trim() !== '' && !given.startsWith('-') && !given.includes('\0'), { error: 'the name of a tool' });
const MODEL = 'the name of a model';
const MODELS = 'the name of a model, or a list of them';
const modelName = z.string({ error: MODEL }).regex(/^[A-Za-z0-9][^\s\0,]*$/, { error: MODEL });
const DOLLARS = 'an amount in US dollars above 0';
const CONFIGS = 'the path of a file, or a list of them';
const ARGS = 'a list of words';

const PERMISSION_MODES = ['dontAsk', 'default', 'manual', 'plan', 'auto', 'acceptEdits', 'bypassPermissions'] as const;

export const claudeKeys = keys(
  {
    model: modelName.optional().describe('The model, by name or alias. Default: that of the claude program.'),
    fallback_model: z
      .union([modelName, list(modelName, MODELS, 1)], { error: MODELS })
      .optional()
      .describe('The model to use where the first one is overloaded, or several in their order. Default: none.'),
    max_turns: count(1).optional().describe('The most turns of one run. Default: no limit.'),
    allowed_tools: list(tool, TOOLS).optional().describe('Tools the session may use without asking.'),
    disallowed_tools: list(tool, TOOLS).optional().describe('Tools the session may not use.'),
    permission_mode: choice(PERMISSION_MODES).optional().describe('What happens with a tool that is not allowed. Default: that of the claude program.'),
    json_schema: z
      .record(z.string(), z.unknown(), { error: 'a JSON Schema, written as a map' })
      .optional()
      .describe('The JSON Schema that the answer must fit.'),
    mcp_config: z
      .union([path, list(path, CONFIGS, 1)], { error: CONFIGS })
      .optional()
      .describe('Files that name MCP servers; no others are used then.'),
    append_system_prompt: text.optional().describe('Text added to the system prompt.'),
    max_usd: z
      .number({ error: DOLLARS })
      .positive({ error: DOLLARS })
      .optional()
      .describe('The most one run may cost, in US dollars; stopped while it runs as soon as its estimated cost is higher.'),
    resume: flag
      .optional()
      .describe(
        'false: a try after one that was cut short (by the account, the network, a halt) begins anew and does not go on with its session. Default: true.',
      ),
    args: list(word, ARGS).optional().describe('More arguments for the claude program, handed on as they are.'),
    cwd: path.optional().describe('The folder to run in. Default: the agent root.'),
    env: env.optional().describe('What the session sees of the environment: names are passed through, NAME: value is given.'),
  },
  'a map of settings, or nothing for the defaults',
);

export const claudeRun = keys(
  { claude: claudeKeys.nullable().describe('A claude session; the body of the .md file is its prompt.') },
  'a map such as {claude: {model: haiku}}',
);

const AGENT_MAP = 'a map such as {agent: {command: [codex, exec, "-"]}}';
export const agentKeys = keys(
  {
    command: commandLine.describe('The program and its arguments; it reads the prompt from stdin.'),
    output: choice(['json', 'text'])
      .optional()
      .describe(
        'json: its last line is an object {ok, summary, cost_usd, session_id, class, reset_at}, each of them optional; cost_usd in dollars, at most 100,000. Default: text.',
      ),
    cwd: path.optional().describe('The folder to run in. Default: the agent root.'),
    env: env.optional().describe('What the agent sees of the environment: names are passed through, NAME: value is given.'),
  },
  AGENT_MAP,
);
export const agentRun = keys({ agent: agentKeys.describe('An agent of any make; the body of the .md file is its prompt.') }, AGENT_MAP);

export const runKind = z.union([commandRun, inlineRun, claudeRun, agentRun], { error: 'a map with one of command, inline, claude, agent' });
export const guardKind = z.union([commandLook, inlineRun], { error: 'a map with one of command, inline' });

export type CommandRunFile = z.infer<typeof commandRun>;
export type InlineRunFile = z.infer<typeof inlineRun>;
export type ClaudeRunFile = z.infer<typeof claudeRun>;
type AgentRunFile = z.infer<typeof agentRun>;
export type AgentFile = z.infer<typeof agentKeys>;
export type ClaudeFile = z.infer<typeof claudeKeys>;
export type RunFile = CommandRunFile | InlineRunFile | ClaudeRunFile | AgentRunFile;
export type EnvFile = z.infer<typeof env>;
