import { type CadenceContract, describeRoot, type RootDescription } from '../../app/answers/self-description.ts';
import { CadenceError } from '../../core/error.ts';
import { VERSION } from '../../core/version.ts';
import type { CommandContext, Paint } from '../command.ts';
import { table } from '../output.ts';
import { describeCommands, describeExits, describeFlag } from '../self-description.ts';

/** Raised when something that an agent may rely on changes its meaning; more fields do not raise it. */
const AGENT_CONTRACT_VERSION = 1;

export async function run(context: CommandContext): Promise<number> {
  const { out, groups, everywhere } = context;
  const here = await describeHere(context);
  const answer = {
    ok: true,
    tool: 'cadence-bus',
    version: VERSION,
    agent_contract_version: AGENT_CONTRACT_VERSION,
    root: here?.root ?? null,
    dirs: here?.dirs ?? {},
    commands: describeCommands(groups),
    everywhere: everywhere.map(describeFlag),
    exit_codes: describeExits(),
    cadences: here?.cadences ?? [],
  };
  out.result(answer, () => describe(here, context));
  const [first] = here?.cadences ?? [];
  if (here === undefined) out.next('cadence-bus init');
  else if (first === undefined) out.next('cadence-bus new <name> --command "…"');
  else out.next(`cadence-bus run ${first.name} --dry-run`, `cadence-bus run ${first.name} --async --json`);
  return 0;
}

/** undefined: there is no root here, which is something to know, too. One that was named must be one. */
async function describeHere({ flags, env, root }: CommandContext): Promise<RootDescription | undefined> {
  try {
    return describeRoot(await root());
  } catch (error) {
    const isNamed = flags.text('root') !== undefined || (env.CADENCE_ROOT || env.AGENT_ROOT || '') !== '';
    if (error instanceof CadenceError && error.code === 'not_found' && !isNamed) return undefined;
    throw error;
  }
}

function describe(here: RootDescription | undefined, { groups, out }: CommandContext): string {
  const { paint } = out;
  const commands = groups.map(({ title, commands: all }) => [`  ${paint.bold(title)}`, all.map(({ name }) => name).join(' ')]);
  return [
    `cadence-bus ${VERSION}, agent contract ${AGENT_CONTRACT_VERSION}. Every command has --json (one flat object, ok first) and --help.`,
    table(commands),
    '',
    here === undefined ? 'There is no agent root here.' : `${here.root} defines ${here.cadences.length}:`,
    ...(here === undefined ? [] : [table(here.cadences.map((cadence) => row(cadence, paint)))]),
  ].join('\n');
}

function row(cadence: CadenceContract, paint: Paint): readonly string[] {
  const marks = [
    cadence.problems.length > 0 ? paint.red('broken') : cadence.enabled ? (cadence.kind ?? '') : paint.dim('disabled'),
    cadence.destructive ? paint.red('destructive') : '',
    cadence.missing_env.length > 0 ? paint.yellow(`needs ${cadence.missing_env.join(', ')}`) : '',
  ];
  return [`  ${paint.bold(cadence.name)}`, marks.filter((mark) => mark !== '').join(', '), cadence.last?.status ?? 'never run', cadence.description];
}
