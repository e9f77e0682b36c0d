import { readAuthStatus } from '../../core/agent/auth-status.ts';
import type { Cadence } from '../../core/cadence.ts';
import type { Ms } from '../../core/time/instant.ts';
import { hearProgram, type ProgramSaid } from '../../platform/program-answer.ts';
import type { Files } from '../../ports.ts';
import { findClaude } from '../../runners/claude-binary.ts';
import { sessionEnvironment } from '../../runners/claude-plan.ts';
import { childEnvironment } from '../../runners/environment.ts';
import { type AccountProbe, type AccountProbeDeps, createAccountProbe } from '../../services/account-probe.ts';
import type { Storage } from '../storage.ts';

type Parts = Pick<AccountProbeDeps, 'queue' | 'book' | 'serves' | 'onFault'> & {
  /** Look at every cadence again, and then: soon. */
  readonly reconsider: () => void;
  readonly wake: () => void;
  readonly programs?: { readonly hearProgram: typeof hearProgram } | undefined;
  readonly hearProgram?: typeof hearProgram | undefined;
};

export function composeProbe(storage: Storage, { queue, book, serves, onFault, reconsider, wake, programs, ...asked }: Parts): AccountProbe {
  const { clock, files, paths, definitions, history, journal } = storage;
  const hear = asked.hearProgram ?? programs?.hearProgram ?? hearProgram;
  const canAsk = (cadence: Cadence): boolean => probeOf(storage, cadence) !== undefined || cadence.run.kind === 'claude';
  const onAnswer = (): void => {
    reconsider();
    wake();
  };
  const parts = { clock, definitions, history, journal, queue, book, serves, onAnswer, onFault };
  const isHalted = (): boolean => files.info(paths.halt) !== undefined;
  return createAccountProbe({ ...parts, ids: storage.ids, canAsk, isHalted, ask: (cadence) => askAccount(storage, cadence, hear) });
}

type Answer = Awaited<ReturnType<AccountProbeDeps['ask']>>;

const UNKNOWN: Answer = { kind: 'unknown', marks: [] };
const ANSWER_WITHIN_MS: Ms = 10_000;
/** What a session logs in with; another value is another login. */
const CREDENTIALS = ['ANTHROPIC_API_KEY', 'ANTHROPIC_AUTH_TOKEN', 'CLAUDE_CODE_OAUTH_TOKEN', 'ANTHROPIC_BASE_URL', 'CLAUDE_CONFIG_DIR'];

function probeOf({ definitions }: Storage, { account }: Cadence): { readonly argv: readonly string[]; readonly env: readonly string[] } | undefined {
  const { probes } = definitions.settings();
  return account !== undefined && Object.hasOwn(probes, account) ? probes[account] : undefined;
}

/** The question of `bus.yaml`, else that of claude, in the environment that the cadence's sessions have. */
async function askAccount(storage: Storage, cadence: Cadence, hear: typeof hearProgram): Promise<Answer> {
  const { machine, paths } = storage;
  const probe = probeOf(storage, cadence);
  if (probe === undefined) return askClaude(storage, cadence, hear);
  const environment = childEnvironment(machine.env, { names: probe.env, values: {} }, {});
  const [program, ...words] = probe.argv;
  if (environment.kind === 'unset' || program === undefined) return UNKNOWN;
  const { code } = await hear({ argv: [program, ...words], env: environment.env, cwd: paths.root, withinMs: ANSWER_WITHIN_MS });
  if (code === null) return UNKNOWN;
  const kind = code === 0 ? 'fit' : 'unfit';
  return { kind, marks: [kind, ...probe.env.map((name) => environment.env[name] ?? '')] };
}

async function askClaude({ files, machine, definitions }: Storage, { run }: Cadence, hear: typeof hearProgram): Promise<Answer> {
  if (run.kind !== 'claude') return UNKNOWN;
  const said = await askAuthStatus({ files, env: machine.env, claudePath: definitions.settings().claudePath }, run, hear);
  const status = said === undefined ? undefined : readAuthStatus(said.stdout);
  if (said === undefined || status === undefined) return UNKNOWN;
  const folder = status.configFolder ?? said.env.CLAUDE_CONFIG_DIR ?? `${said.env.HOME ?? ''}/.claude`;
  const stored = files.info(`${folder}/.credentials.json`);
  const stamp = stored === undefined ? '' : `${stored.inode} ${stored.mtimeMs} ${stored.sizeBytes}`;
  return { kind: status.isLoggedIn ? 'fit' : 'unfit', marks: [...status.marks, ...CREDENTIALS.map((name) => said.env[name] ?? ''), stamp] };
}

interface ClaudeAsking {
  readonly files: Files;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly claudePath: string | undefined;
}

/** No network, no cost. Exit 0 and 1 both are answers. undefined: there is no claude, or not the environment that it would have. */
export async function askAuthStatus(
  { files, env, claudePath }: ClaudeAsking,
  run: Extract<Cadence['run'], { kind: 'claude' }>,
  hear = hearProgram,
): Promise<(ProgramSaid & { readonly env: Readonly<Record<string, string>> }) | undefined> {
  const binary = findClaude(files, env, claudePath);
  const environment = sessionEnvironment(env, run, {});
  if (binary.kind === 'missing' || environment.kind === 'unset') return undefined;
  const said = await hear({ argv: [binary.path, 'auth', 'status'], env: environment.env, withinMs: ANSWER_WITHIN_MS });
  return { ...said, env: environment.env };
}
