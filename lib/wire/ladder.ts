import * as z from 'zod';
import { isSettable } from '../core/heal/env-change.ts';
import { CONTEXT_PARTS } from '../core/heal/rung.ts';
import { explainIssues, type NotYet } from './explain.ts';
import { type HookFile, hook } from './follow-up.ts';
import { commandLine } from './output.ts';
import type { SourceProblem } from './problem.ts';
import { claudeKeys, commandLook } from './run-kind.ts';
import { choice, count, duration, env, envName, flag, keys, list, path } from './value.ts';
import type { YamlSource } from './yaml-source.ts';

/**
 * `on_failure:` is a list of hooks and of rungs, in any order. A hook is a line for the shell or a bare map with
 * `command`, as everywhere; an entry with one of the words below is a rung of the ladder.
 */
const RUNG_WORDS = ['when', 'retry', 'restart', 'restart_with_env', 'pause', 'abort', 'agent', 'notify'] as const;

const DETECTOR = 'the name of a detector such as exit, timeout, stall or traceback, or any';
const detector = z.string({ error: DETECTOR }).regex(/^[a-z0-9][a-z0-9_-]{0,49}$/i, { error: DETECTOR });
const REGEX = 'a regular expression';
const message = z
  .string({ error: REGEX })
  .min(1, { error: REGEX })
  .max(500, { error: `${REGEX} of at most 500 characters` })
  .refine(isRegex, { error: `${REGEX} that can be read` });
const WHEN = 'the name of a detector, or a map {detector: …, message: …}';
const failures = {
  detector: detector.optional().describe('The name of a detector, or any. Default: any.'),
  message: message.optional().describe('A regular expression that the reason or the last words of the run must match.'),
};
const when = z.union([detector, keys(failures, WHEN)], { error: WHEN });

const NOTHING = 'true, or nothing';
const bare = z.union([z.literal(true, { error: NOTHING }), z.null()], { error: NOTHING });

const CHANGES = 'a map NAME: value, where half and double stand for half and double of what it was';
const NAME = 'the name of an environment variable that a fix may set (not PATH, LD_…, NODE_OPTIONS and the like)';
const change = z.union([z.string({ error: CHANGES }), z.number({ error: CHANGES }), z.boolean({ error: CHANGES })], { error: CHANGES });
const changes = z
  .record(z.string().refine(isSettable, { error: NAME }), change, { error: (issue) => (issue.code === 'invalid_key' ? NAME : CHANGES) })
  .refine((given) => Object.keys(given).length > 0, { error: CHANGES });

const DOLLARS = 'an amount in US dollars above 0';
const dollars = z.number({ error: DOLLARS }).positive({ error: DOLLARS });
const AGENT = 'a map such as {prompt: fix.md, timeout: 3m, max_usd: 2}, or nothing for the defaults';
const { model, fallback_model, max_turns, allowed_tools, disallowed_tools, permission_mode, append_system_prompt, args } = claudeKeys.shape;
export const agentKeys = keys(
  {
    prompt: path.optional().describe('The template of its prompt, with words such as {task_id} and {error}. Default: a built-in one.'),
    command: commandLine.optional().describe('Another agent than claude: it reads the prompt from stdin, and its answer from its output.'),
    output: choice(['json', 'text']).optional().describe('With command, as under run.agent. Default: text.'),
    session: flag.optional().describe('true: nobody is started; a session or a person answers with cadence-bus incidents respond. Default: false.'),
    timeout: duration.optional().describe('The longest it may take. Default: 3m; for on_diagnose 5m; for a session 10m.'),
    max_usd: dollars.optional().describe('The most one try may cost, set aside before it begins. Default: 2; for on_diagnose 3.'),
    day_usd: dollars.optional().describe('The most that its tries may cost in one day. Default: no limit but that of bus.yaml.'),
    verify: duration
      .optional()
      .describe('How long after the fix the same failure is its regression, even after a run that ended well. Default: until the proof.'),
    may_set: list(envName.refine(isSettable, { error: NAME }), 'a list of names of environment variables')
      .optional()
      .describe('Variables that its answer may set, beside those that the cadence names.'),
    include: list(choice(CONTEXT_PARTS), `a list of ${CONTEXT_PARTS.join(', ')}`)
      .optional()
      .describe('What it is told. Default: state, report, configs.'),
    diagnose_only: flag.optional().describe('true: it may read and nothing else. Default: false.'),
    cwd: path.optional().describe('Where it works. Default: where the cadence runs.'),
    env: env.optional().describe('What it sees of the environment: names are passed through, NAME: value is given.'),
    ...{ model, fallback_model, max_turns, allowed_tools, disallowed_tools, permission_mode, append_system_prompt, args },
  },
  AGENT,
);
const agent = agentKeys.nullable();

const SINKS = 'a list of sinks such as [slack, macos], or true for those of notify';
const sinkWord = z.string({ error: SINKS }).regex(/^[a-z][a-z0-9-]{0,49}$/, { error: SINKS });

const RUNG = `a map with one of ${RUNG_WORDS.slice(1).join(', ')}, command`;
export const rung = keys(
  {
    when: when.optional().describe('Which failures: a detector, with message: a regular expression besides. Default: any.'),
    retry: bare.optional().describe('Try again after the usual wait.'),
    restart: bare.optional().describe('Try again at once.'),
    restart_with_env: changes.optional().describe('Try again at once with other variables, until a run proves itself or fails so again.'),
    pause: bare.optional().describe('Hold the cadence until somebody resumes it.'),
    abort: bare.optional().describe('Give the tick up, and hold the cadence until somebody resets its breaker.'),
    command: commandLook.shape.command.optional().describe('With when: a program that mends. Exit code 0: it is fixed, try again; 1: a person is needed.'),
    shell: commandLook.shape.shell,
    args: list(z.string({ error: 'a word' }), 'a list of words')
      .optional()
      .describe('More arguments, with words such as {error}.'),
    cwd: commandLook.shape.cwd,
    env: commandLook.shape.env,
    timeout: duration.optional().describe('The longest the command may take. Default: 3m.'),
    verify: duration.optional().describe('How long after the fix the same failure is its regression. Default: until the proof.'),
    agent: agent.optional().describe('Ask an agent to find the cause and to mend it.'),
    notify: z
      .union([z.literal(true), z.null(), list(sinkWord, SINKS, 1)], { error: SINKS })
      .optional()
      .describe('Whom to ask when nothing else is left.'),
  },
  RUNG,
);

const ON_FAILURE = 'a line for /bin/sh, a map such as {command: [./x.sh]}, or a list of hooks and rungs such as {when: oom, restart: true}';
export const onFailure = z.union([hook, rung, list(z.union([hook, rung], { error: ON_FAILURE }), ON_FAILURE, 1)], { error: ON_FAILURE });

const HEAL = 'a map such as {escalate_after: 2, per_hour: 5}';
export const heal = keys(
  {
    escalate_after: count(1, 1000)
      .optional()
      .describe('Restarts without a proof, after which it is the agent’s turn. Default: a fifth of retry.attempts, at least 1.'),
    regression: choice(['revert', 'escalate', 'ignore'])
      .optional()
      .describe('A fix under which the same failure returns: undo it and go on to the next rung, only go on, or let it stand. Default: revert.'),
    per_hour: count(1, 1000).optional().describe('Fixes of one detector in one hour; then only a person’s approval goes on. Default: 5.'),
    max_wall: duration.optional().describe('How long programs and agents may work on one incident in all. Default: 2h.'),
  },
  HEAL,
);

export type RungFile = z.infer<typeof rung>;
export type AgentRungFile = z.infer<typeof agentKeys>;
export type HealFile = z.infer<typeof heal>;
/** `at`: where it stands in the list; undefined: it stands alone. */
export type OnFailureEntry = { readonly at: number | undefined } & ({ readonly hook: HookFile } | { readonly rung: RungFile });

function isRegex(source: string): boolean {
  try {
    return new RegExp(source, 'm') instanceof RegExp;
  } catch (error) {
    if (error instanceof SyntaxError) return false;
    throw error;
  }
}

function isRung(value: unknown): boolean {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && RUNG_WORDS.some((word) => Object.hasOwn(value, word));
}

/** Each entry is checked as what it is, for the complaints of a union about all that it might be would help nobody. */
export function checkOnFailure(value: unknown, source: YamlSource, notYet: NotYet, problems: SourceProblem[]): readonly OnFailureEntry[] {
  if (value === undefined) return [];
  const entries = Array.isArray(value) ? value.map((one, at) => ({ one, at })) : [{ one: value, at: undefined }];
  if (entries.length === 0) problems.push(source.problem(['on_failure'], `found an empty list, expected ${ON_FAILURE}`));
  return entries.flatMap(({ one, at }): readonly OnFailureEntry[] => {
    const place = at === undefined ? ['on_failure'] : ['on_failure', at];
    if (!isRung(one)) {
      const checked = hook.safeParse(one);
      if (checked.success) return [{ at, hook: checked.data }];
      const isMap = typeof one === 'object' && one !== null && !Array.isArray(one);
      problems.push(
        ...(isMap && !Object.hasOwn(one, 'command')
          ? [source.problem(place, `says nothing to do, expected ${RUNG}`, '', 'key')]
          : explainIssues(checked.error.issues, source, notYet, place)),
      );
      return [];
    }
    const checked = rung.safeParse(one);
    if (!checked.success) problems.push(...explainIssues(checked.error.issues, source, notYet, place));
    else if (hasOneAction(checked.data)) return [{ at, rung: checked.data }];
    else problems.push(source.problem(place, `expected ${RUNG}, and only one of them`, 'One rung does one thing; make two of them.', 'key'));
    return [];
  });
}

const ACTIONS = [...RUNG_WORDS.slice(1), 'command'] as const;

function hasOneAction(given: RungFile): boolean {
  return ACTIONS.filter((word) => Object.hasOwn(given, word)).length === 1;
}
