import { slotsOf } from '../core/agent/slot.ts';
import type { AgentSlot, RunKind } from '../core/cadence.ts';
import { nameOfSlot, type SlotFile } from '../wire/agent-slots.ts';
import type { BusSettingsFile } from '../wire/bus-settings.ts';
import type { CadenceFile } from '../wire/cadence.ts';
import type { AgentFile, ClaudeFile, RunFile } from '../wire/run-kind.ts';
import type { YamlSource } from '../wire/yaml-source.ts';
import { absolutePath } from './absolute-path.ts';
import { eitherSource, inFile, OUTSIDE, type PlacedSlot } from './placed-source.ts';
import { type BuildContext, buildAgent, buildClaude, buildRun } from './run-builder.ts';

/** What `bus.yaml` says of agents: which runs an .md file that names none, and what sessions take that say nothing else. */
export interface AgentDefaults {
  readonly claude: ClaudeFile;
  readonly agent: { readonly file: AgentFile; readonly source: YamlSource } | undefined;
  readonly agents: readonly PlacedSlot[];
}

export const NO_AGENT_DEFAULTS: AgentDefaults = { claude: {}, agent: undefined, agents: [] };

/** `path`: of bus.yaml, for what is wrong with an agent of it is found by the cadences that use it. */
export function readAgentDefaults(file: BusSettingsFile, path: string, text: YamlSource): AgentDefaults {
  const { path: _path, ...claude } = file.claude ?? {};
  const source = inFile(path, text);
  const agent = file.agent === undefined ? undefined : { file: file.agent, source };
  return { claude, agent, agents: (file.agents ?? []).map((slot, index) => ({ slot, at: ['agents', index], source })) };
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
  const { agent } = defaults;
  const built =
    isBare && agent !== undefined
      ? buildAgent(agent.file, ['agent'], { ...context, source: agent.source })
      : buildRun(withDefaults(file.run, defaults), 'run', context);
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
  known: readonly PlacedSlot[],
): readonly PlacedSlot[] | undefined {
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
    if (typeof slot !== 'string') return [{ slot, at: ['agents', index], source }];
    const found = known.find((one) => nameOfSlot(one.slot) === slot);
    if (found !== undefined) return [found];
    const names = known.map((one) => nameOfSlot(one.slot));
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

function buildChoice(given: readonly PlacedSlot[], file: CadenceFile, context: BuildContext, defaults: AgentDefaults): BuiltRun | undefined {
  const slots = given.flatMap((slot) => buildSlot(slot, file, context, defaults) ?? []);
  const [first] = slotsOf({ slots, isDiagnosis: file.diagnosis ?? false });
  if (first !== undefined) return { run: first.run, slots, provider: first.name };
  if (slots.length > 0)
    context.problems.push(
      context.source.problem(['agents'], 'all its agents are for diagnosis only', 'Say diagnosis: true if it only looks and tells, or name another agent.'),
    );
  return undefined;
}

function buildSlot(placed: PlacedSlot, file: CadenceFile, context: BuildContext, defaults: AgentDefaults): AgentSlot | undefined {
  const { slot } = placed;
  const name = nameOfSlot(slot);
  const run = buildSlotRun(placed, file, { ...context, slot: name }, defaults);
  if (run === undefined) return undefined;
  const workspace = file.workspace === undefined ? run.cwd : absolutePath(file.workspace, context.root, context.home);
  return { name, run, account: slot.account ?? accountOfSlot(slot, run), workspace, isForDiagnosis: slot.only === 'diagnosis' };
}

function buildSlotRun({ slot, at, source }: PlacedSlot, file: CadenceFile, context: BuildContext, defaults: AgentDefaults): AgentSlot['run'] | undefined {
  if (slot.agent !== undefined) return buildAgent(slot.agent, [...at, 'agent'], { ...context, source });
  const claude = slot.claude ?? {};
  const ofCadence = 'claude' in file.run ? file.run.claude : {};
  const both = eitherSource({ source, at: [...at, 'claude'], has: (key) => Object.hasOwn(claude, key) }, context.source);
  return buildClaude({ claude: { ...defaults.claude, ...ofCadence, ...claude } }, OUTSIDE, { ...context, source: both });
}

/** What a session logs in with: one that is given some of its own is no longer the account of all the others. */
const CREDENTIALS = ['ANTHROPIC_API_KEY', 'ANTHROPIC_AUTH_TOKEN', 'ANTHROPIC_BASE_URL', 'CLAUDE_CODE_OAUTH_TOKEN', 'CLAUDE_CONFIG_DIR'];

/** Two that are run by a shell are two accounts: a hold on one must not hold the spare. */
function accountOfSlot(slot: SlotFile, run: AgentSlot['run']): string | undefined {
  const isOwn = run.kind === 'claude' ? CREDENTIALS.some((name) => Object.hasOwn(run.env.values, name)) : accountOf(run) === NOBODY_KNOWS;
  return isOwn ? nameOfSlot(slot) : accountOf(run);
}

/** Programs that run others: which account those use is not theirs to tell. */
const INTERPRETERS: readonly string[] = ['sh', 'bash', 'zsh', 'env', 'node', 'npx', 'python', 'python3', 'uv', 'uvx', 'bun', 'deno'];

/** All that one agent does has one account, so that its dead key holds its cadences and no others. */
export function accountOf(run: RunKind): string | undefined {
  if (run.kind !== 'agent') return run.kind === 'claude' ? 'claude' : undefined;
  const program = run.argv[0]?.split('/').at(-1) ?? '';
  return /^[a-z0-9][a-z0-9-]{0,40}[a-z0-9]$/.test(program) && !INTERPRETERS.includes(program) ? program : NOBODY_KNOWS;
}

const NOBODY_KNOWS = 'agent';
