import { slotsOf } from '../core/agent-slot.ts';
import type { AgentSlot, RunKind } from '../core/cadence.ts';
import { nameOfSlot, type SlotFile } from '../wire/agent-slots.ts';
import type { BusSettingsFile } from '../wire/bus-settings.ts';
import type { CadenceFile } from '../wire/cadence.ts';
import type { AgentFile, ClaudeFile, RunFile } from '../wire/run-kind.ts';
import type { YamlSource } from '../wire/yaml-source.ts';
import { absolutePath } from './absolute-path.ts';
import { type BuildContext, buildRun, writtenEnv, writtenWords } from './run-builder.ts';

/** What `bus.yaml` says of agents: which runs an .md file that names none, and what sessions take that say nothing else. */
export interface AgentDefaults {
  readonly claude: ClaudeFile;
  readonly agent: AgentFile | undefined;
  readonly agents: readonly SlotFile[];
}

export const NO_AGENT_DEFAULTS: AgentDefaults = { claude: {}, agent: undefined, agents: [] };

/** Words stand as they were written, for they are used with other texts than the one in which they have a place. */
export function readAgentDefaults(file: BusSettingsFile, source: YamlSource): AgentDefaults {
  const { path: _path, ...claude } = file.claude ?? {};
  const agent = file.agent === undefined ? undefined : spelledAgent(file.agent, ['agent'], source);
  return { claude, agent, agents: (file.agents ?? []).map((slot, index) => spelled(slot, ['agents', index], source)) };
}

export interface BuiltRun {
  readonly run: RunKind;
  readonly slots?: readonly AgentSlot[];
  readonly provider?: string;
}

/** What a cadence runs, and, where several agents may do it, those. undefined: the context's problems say why not. */
export function buildWork(file: CadenceFile, context: BuildContext, defaults: AgentDefaults): BuiltRun | undefined {
  const isBare = context.source.valueAt(['run']) === undefined && 'claude' in file.run;
  const given = file.agents === undefined ? (isBare ? defaults.agents : []) : chosen(file, file.agents, context, defaults.agents);
  if (given === undefined) return undefined;
  if (given.length > 0) return buildChoice(given, file, context, defaults);
  const run: RunFile = isBare && defaults.agent !== undefined ? { agent: defaults.agent } : withDefaults(file.run, defaults);
  const built = buildRun(run, 'run', context);
  return built === undefined ? undefined : { run: built };
}

function withDefaults(run: RunFile, defaults: AgentDefaults): RunFile {
  return 'claude' in run ? { claude: { ...defaults.claude, ...run.claude } } : run;
}

/** Names stand for those of bus.yaml. */
function chosen(
  { run, account }: CadenceFile,
  given: NonNullable<CadenceFile['agents']>,
  { source, problems }: BuildContext,
  known: readonly SlotFile[],
): readonly SlotFile[] | undefined {
  const before = problems.length;
  if (!('claude' in run)) {
    const kind = 'agent' in run ? 'agent' : 'command' in run ? 'command' : 'inline';
    problems.push(
      source.problem(['agents'], `found beside run: {${kind}: …}, which is the one that runs it`, 'Remove one of the two; agents need an .md file.', 'key'),
    );
  }
  if (account !== undefined)
    problems.push(
      source.problem(['account'], 'found beside agents, each of which has an account of its own', 'Write it there: {claude: …, account: …}.', 'key'),
    );
  const slots = given.flatMap((slot, index) => {
    if (typeof slot !== 'string') return [spelled(slot, ['agents', index], source)];
    const found = known.find((one) => nameOfSlot(one) === slot);
    if (found !== undefined) return [found];
    const names = known.map(nameOfSlot);
    problems.push(
      source.problem(
        ['agents', index],
        `there is no agent ${JSON.stringify(slot)}, expected ${names.length === 0 ? 'a map' : `one of ${names.join(', ')}`}`,
        'Agents that are named alone stand in cadences/bus.yaml, under agents.',
      ),
    );
    return [];
  });
  return problems.length > before ? undefined : slots;
}

function buildChoice(given: readonly SlotFile[], file: CadenceFile, context: BuildContext, defaults: AgentDefaults): BuiltRun | undefined {
  const slots = given.flatMap((slot) => buildSlot(slot, file, context, defaults) ?? []);
  const [first] = slotsOf({ slots, isDiagnosis: file.diagnosis ?? false });
  if (first !== undefined) return { run: first.run, slots, provider: first.name };
  if (slots.length > 0)
    context.problems.push(
      context.source.problem(['agents'], 'all its agents are for diagnosis only', 'Say diagnosis: true if it only looks and tells, or name another agent.'),
    );
  return undefined;
}

function buildSlot(slot: SlotFile, file: CadenceFile, context: BuildContext, defaults: AgentDefaults): AgentSlot | undefined {
  const { agent, claude, only } = slot;
  const ofCadence = 'claude' in file.run ? file.run.claude : {};
  const run = buildRun(agent === undefined ? { claude: { ...defaults.claude, ...ofCadence, ...claude } } : { agent }, 'run', context);
  if (run?.kind !== 'claude' && run?.kind !== 'agent') return undefined;
  const workspace = file.workspace === undefined ? run.cwd : absolutePath(file.workspace, context.root, context.home);
  return { name: nameOfSlot(slot), run, account: slot.account ?? accountOfSlot(slot, run), workspace, isForDiagnosis: only === 'diagnosis' };
}

/** What a session logs in with: one that is given some of its own is no longer the account of all the others. */
const CREDENTIALS = ['ANTHROPIC_API_KEY', 'ANTHROPIC_AUTH_TOKEN', 'ANTHROPIC_BASE_URL', 'CLAUDE_CODE_OAUTH_TOKEN', 'CLAUDE_CONFIG_DIR'];

function accountOfSlot(slot: SlotFile, run: AgentSlot['run']): string | undefined {
  const isOwn = run.kind === 'claude' && CREDENTIALS.some((name) => Object.hasOwn(run.env.values, name));
  return isOwn ? nameOfSlot(slot) : accountOf(run);
}

/** Programs that run others: which account those use is not theirs to tell. */
const INTERPRETERS: readonly string[] = ['sh', 'bash', 'zsh', 'env', 'node', 'npx', 'python', 'python3', 'uv', 'uvx', 'bun', 'deno'];

/** All that one agent does has one account, so that its dead key holds its cadences and no others. */
export function accountOf(run: RunKind): string | undefined {
  if (run.kind !== 'agent') return run.kind === 'claude' ? 'claude' : undefined;
  const program = run.argv[0]?.split('/').at(-1) ?? '';
  return /^[a-z0-9][a-z0-9-]{0,40}[a-z0-9]$/.test(program) && !INTERPRETERS.includes(program) ? program : 'agent';
}

function spelled(slot: SlotFile, at: readonly (string | number)[], source: YamlSource): SlotFile {
  const { claude, agent } = slot;
  return {
    ...slot,
    ...(claude === undefined || claude === null ? {} : { claude: spelledClaude(claude, [...at, 'claude'], source) }),
    ...(agent === undefined ? {} : { agent: spelledAgent(agent, [...at, 'agent'], source) }),
  };
}

function spelledClaude(given: ClaudeFile, at: readonly (string | number)[], source: YamlSource): ClaudeFile {
  return { ...given, ...(given.args === undefined ? {} : { args: [...writtenWords(given.args, [...at, 'args'], source)] }), ...spelledEnv(given, at, source) };
}

function spelledAgent(given: AgentFile, at: readonly (string | number)[], source: YamlSource): AgentFile {
  const { command } = given;
  const words = Array.isArray(command) ? [...writtenWords(command, [...at, 'command'], source)] : command;
  return { ...given, command: words, ...spelledEnv(given, at, source) };
}

function spelledEnv({ env }: Pick<AgentFile, 'env'>, at: readonly (string | number)[], source: YamlSource): Pick<AgentFile, 'env'> {
  if (env === undefined) return {};
  const { names, values } = writtenEnv(env, [...at, 'env'], source);
  return { env: [...names, { ...values }] };
}
