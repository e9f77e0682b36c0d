import * as z from 'zod';
import { nearest } from '../core/text/nearest.ts';
import { cadenceAgents, checkSlots } from './agent-slots.ts';
import { cadenceBudget } from './budget.ts';
import { explainIssues, explainUnknownKey, type NotYet } from './explain.ts';
import { hooks, notify } from './follow-up.ts';
import { agentKeys, checkOnFailure, heal, type OnFailureEntry, onFailure } from './ladder.ts';
import { summaryTemplate } from './output.ts';
import { describeFound, type SourceProblem } from './problem.ts';
import { agentRun, claudeRun, commandLook, commandRun, guardKind, inlineRun, RUN_KINDS, type RunFile, type RunKindName, runKind } from './run-kind.ts';
import { checkSchedule, SCHEDULE_KEYS } from './schedule.ts';
import { SECRETS_BY_ENV } from './sink.ts';
import { choice, count, duration, envName, flag, keys, list, optionalDuration, path, size, text } from './value.ts';
import { jsonSchema, verifySchema } from './verify.ts';
import type { YamlSource } from './yaml-source.ts';

const KEY = 'a word of a-z, 0-9, - and _';
const keyWord = z.string({ error: KEY }).regex(/^[a-z0-9][a-z0-9_-]{0,49}$/, { error: KEY });
const WORDS = 'a map name: text';
const about = z.record(z.string(), text, { error: WORDS });
const DELAYS = 'a list of durations such as [30s, 2m]';
const JITTER = 'a number from 0 to 1';
const NAMES = 'a list of names of environment variables';

const retry = keys(
  {
    attempts: count(1, 1000).optional().describe('Tries in all, not retries. Default: 2.'),
    delays: list(optionalDuration, DELAYS, 1)
      .optional()
      .describe('The wait after the first try, the second, …; the last one holds for all later ones. Default: [30s, 2m].'),
    jitter: z
      .number({ error: JITTER })
      .min(0, { error: JITTER })
      .max(1, { error: JITTER })
      .optional()
      .describe('How much a wait varies: 0.25 is up to a quarter more or less. Default: 0.25.'),
  },
  'a map such as {attempts: 2, delays: [30s, 2m], jitter: 0.25}',
);

const breaker = keys(
  {
    failures: count(1, 1000).optional().describe('So many tries that fail in a row, retries counted, open the circuit. Default: 3.'),
    open: duration.optional().describe('How long it stays open the first time; doubled each time after. Default: 30m.'),
    max_open: duration.optional().describe('The longest it stays open. Default: 4h.'),
  },
  'a map such as {failures: 3, open: 30m, max_open: 4h}',
);

/** The one source of what may stand in a cadence file; JSON Schema is made from it. */
export const cadenceSchema = keys(
  {
    description: text.optional().describe('What it is for, in one line.'),
    enabled: flag.optional().describe('false: its ticks are held. Default: true.'),
    run: runKind.optional().describe('What to run: {command: …}, {inline: ./file} or {claude: …}. Required; in an .md file it may be left out.'),
    agents: cadenceAgents,
    diagnosis: flag.optional().describe('true: it looks and tells, and changes nothing, so agents that are for diagnosis only may run it. Default: false.'),
    guard: guardKind.optional().describe('Asked before each run. Exit code 0: run, 1: nothing to do, 2 or more: an error.'),
    ...SCHEDULE_KEYS,
    overlap: choice(['coalesce', 'queue', 'skip'])
      .optional()
      .describe('What to do with ticks that wait while another waits or runs. Default: plain ticks coalesce.'),
    expires: duration.optional().describe('A tick that is older is not run any more. Default: never.'),
    timeout: optionalDuration.optional().describe('The longest a run may take; 0: no limit. Default: 5m, for claude 30m.'),
    idle_timeout: optionalDuration.optional().describe('The longest a run may stay silent; 0: no limit. Default: 30m.'),
    kill_grace: optionalDuration.optional().describe('The time between asking a run to end and killing it. Default: 5s.'),
    log_cap: size.optional().describe('The most of each output that is kept. Default: 256MB.'),
    workspace: path.optional().describe('Two runs with the same workspace never run at once. Default: cwd, where it is given.'),
    lane: keyWord.optional().describe('The lane of bus.yaml whose limit counts. Default: agent, command or inline, by kind.'),
    account: keyWord.optional().describe('Failures of this account hold all its cadences. Default: claude for claude sessions, else none.'),
    retry: retry.optional().describe('How often and when a failed run is tried again.'),
    breaker: breaker.optional().describe('When to stop trying for a while.'),
    budget: cadenceBudget.optional().describe('What it may spend. Default: no limit.'),
    schema: jsonSchema
      .optional()
      .describe('A JSON Schema (draft 2020-12) for the payload of its ticks, checked before anything runs. A tick without a payload is taken for {}.'),
    summary: summaryTemplate.optional(),
    verify: verifySchema.optional().describe('What must speak for a run that ended well: an exit code alone proves little.'),
    on_success: hooks.optional().describe('Lines for /bin/sh, or commands, to run when a tick has ended well.'),
    on_failure: onFailure
      .optional()
      .describe('Hooks for when a tick is given up; and rungs, tried from the first failure on, top down: a rule, an agent, a person.'),
    on_diagnose: agentKeys
      .nullable()
      .optional()
      .describe(
        'The agent to ask where something is wrong that is no failure of a run: a missed slot; a timer that the system does not run, or that lets its slots pass, once its repair did not help.',
      ),
    heal: heal.optional().describe('The bounds of what is tried under on_failure.'),
    on_complete: hooks.optional().describe('The same after every end: succeeded, failed, cancelled, expired.'),
    notify: notify.optional().describe('Whom to tell, and of what. What is not said here is taken from bus.yaml.'),
    config_snapshots: list(path, 'a list of paths')
      .optional()
      .describe('Files that a copy is kept of with each incident, without their secrets, such as [train.yaml]. Default: none but its definition and prompt.'),
    required_env: list(envName, NAMES).optional().describe('Environment variables without which no run is started.'),
    inputs: about.optional().describe('What it reads, name: text, for people and agents.'),
    outputs: about.optional().describe('What it makes, name: text, for people and agents.'),
    network: flag.optional().describe('Whether it uses the network, for people and agents. Default: true.'),
    destructive: flag.optional().describe('Whether it may destroy something, for people and agents. Default: false.'),
  },
  'a map of keys such as run: {command: [./x.sh]}',
);

export type CadenceFile = Omit<z.infer<typeof cadenceSchema>, 'run' | 'guard' | 'on_failure'> & {
  readonly run: RunFile;
  readonly guard: RunFile | undefined;
  readonly on_failure: readonly OnFailureEntry[];
};

export const CADENCE_NOT_YET: NotYet = {
  lifecycle: 'Remove it; a run ends, and the next tick starts the next one.',
  watch: 'Remove it; idle_timeout ends a run that has gone silent.',
  ...SECRETS_BY_ENV,
};

// `run`, `guard` and `on_failure` are checked by the kind that they name: the complaints of a union about all its kinds would help nobody.
const generalSchema = cadenceSchema.extend({ run: z.unknown().optional(), guard: z.unknown().optional(), on_failure: z.unknown().optional() });
const KIND_SCHEMAS: Readonly<Record<RunKindName, z.ZodType<RunFile>>> = { command: commandRun, inline: inlineRun, claude: claudeRun, agent: agentRun };

/** With problems, `file` is what could be read beside them, for more problems to be found in it; it is not to be used. */
export type Checked<T> = { readonly file: T | undefined; readonly problems: readonly SourceProblem[] };

export function isCadenceKey(name: string): boolean {
  return Object.hasOwn(cadenceSchema.shape, name);
}

/** `isPrompt`: the text is the front matter of an .md file, which is a claude cadence whatever else it says. */
export function checkCadence(source: YamlSource, isPrompt: boolean): Checked<CadenceFile> {
  if (!source.isSound) return { file: undefined, problems: source.problems };
  const value = source.value ?? {};
  const problems: SourceProblem[] = [...source.problems];
  const general = generalSchema.safeParse(value);
  if (!general.success) problems.push(...explainIssues(general.error.issues, source, CADENCE_NOT_YET));
  else if (general.data.agents !== undefined) problems.push(...checkSlots(general.data.agents, source));
  if (!isMap(value)) return { file: undefined, problems };
  problems.push(...checkSchedule(value, source));
  const run = isPrompt && !Object.hasOwn(value, 'run') ? { claude: null } : checkRun(value, 'run', source, problems);
  const guard = Object.hasOwn(value, 'guard') ? checkRun(value, 'guard', source, problems) : undefined;
  const on_failure = checkOnFailure(value.on_failure, source, CADENCE_NOT_YET, problems);
  if (run !== undefined) problems.push(...refuseKind(run, isPrompt, source));
  return { file: run === undefined ? undefined : { ...(general.success ? general.data : {}), run, guard, on_failure }, problems };
}

function checkRun(value: Readonly<Record<string, unknown>>, key: 'run' | 'guard', source: YamlSource, problems: SourceProblem[]): RunFile | undefined {
  const given = Object.hasOwn(value, key) ? value[key] : undefined;
  const kinds = RUN_KINDS.filter((kind) => key === 'run' || (kind !== 'claude' && kind !== 'agent'));
  if (!isMap(given)) {
    const hint =
      typeof given === 'string'
        ? `Write ${key}: {command: …} or ${key}: {inline: …}.`
        : key === 'run'
          ? 'The smallest cadence is run: {command: [./x.sh]}.'
          : '';
    problems.push(
      source.problem([key], `${given === undefined ? 'missing' : `found ${describeFound(given)}`}, expected a map with one of ${kinds.join(', ')}`, hint),
    );
    return undefined;
  }
  const named = kinds.filter((kind) => Object.hasOwn(given, kind));
  const [kind] = named;
  if (kind === undefined) {
    const known = [...kinds, ...Object.keys((key === 'guard' ? commandLook : commandRun).shape).filter((name) => name !== 'command')];
    const unknown = Object.keys(given).filter((name) => !known.includes(name));
    const isMisspelt = unknown.some((name) => kinds.some((kind) => kind === nearest(name, known)));
    const hint = unknown.length > 0 ? '' : `Write ${key}: {command: [./x.sh]}.`;
    if (!isMisspelt) problems.push(source.problem([key], `names no kind, expected one of ${kinds.join(', ')}`, hint, 'key'));
    problems.push(...unknown.map((name) => explainUnknownKey([key, name], known, source, CADENCE_NOT_YET)));
    return undefined;
  }
  if (named.length > 1) {
    problems.push(source.problem([key], `names ${named.join(' and ')}, expected one of them`, 'One cadence runs one thing; make two cadences.', 'key'));
    return undefined;
  }
  const checked = (key === 'guard' && kind === 'command' ? commandLook : KIND_SCHEMAS[kind]).safeParse(given);
  if (checked.success) return checked.data;
  problems.push(...explainIssues(checked.error.issues, source, CADENCE_NOT_YET, [key]));
  return undefined;
}

function refuseKind(run: RunFile, isPrompt: boolean, source: YamlSource): readonly SourceProblem[] {
  if ('claude' in run || 'agent' in run) {
    if (isPrompt) return [];
    const kind = 'claude' in run ? 'claude' : 'agent';
    return [
      source.problem(
        ['run', kind],
        `${kind === 'claude' ? 'a claude' : 'an agent'} cadence has no prompt in a YAML file`,
        'Make it an .md file: these keys between two lines of ---, then the prompt.',
        'key',
      ),
    ];
  }
  if (!isPrompt) return [];
  const kind = 'command' in run ? 'command' : 'inline';
  return [source.problem(['run', kind], `found ${kind}, expected claude: an .md file is the prompt of a claude session`, 'Make it a .yaml file.', 'key')];
}

function isMap(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
