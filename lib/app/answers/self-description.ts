import type { Cadence } from '../../core/cadence.ts';
import { lastRunOf } from '../../core/cadence-digest.ts';
import { pathsOf } from '../../core/paths.ts';
import { createHistory } from '../../history/history.ts';
import { createFiles } from '../../platform/files.ts';
import { readMachine } from '../../platform/machine.ts';
import type { CadenceDigest, Definition, Problem } from '../../ports.ts';
import { readDefined } from '../definitions/defined.ts';
import { viewRun, viewSchedule } from './cadence-view.ts';
import { decidedSlots, nextSlotOf } from './next-slots.ts';

/** What an agent that has never heard of a cadence must know before it runs it. */
export interface CadenceContract {
  readonly name: string;
  readonly path: string;
  readonly description: string;
  readonly kind: Cadence['run']['kind'] | null;
  readonly enabled: boolean;
  readonly run: Readonly<Record<string, unknown>> | null;
  readonly inputs: Readonly<Record<string, string>>;
  readonly outputs: Readonly<Record<string, string>>;
  readonly schema: unknown;
  readonly required_env: readonly string[];
  readonly missing_env: readonly string[];
  readonly network: boolean;
  readonly destructive: boolean;
  readonly schedule: Readonly<Record<string, unknown>> | null;
  readonly next_slot: ReturnType<typeof nextSlotOf>;
  readonly timeout_ms: number | null;
  readonly problems: readonly Problem[];
  readonly last: { readonly run_id: string; readonly status: string; readonly ended_at: string | null; readonly summary: string } | null;
}

export interface RootDescription {
  readonly root: string;
  readonly dirs: Readonly<Record<string, string>>;
  readonly cadences: readonly CadenceContract[];
}

/** From definitions and history alone: no owner is needed. */
export function describeRoot(root: string): RootDescription {
  const paths = pathsOf(root);
  const { cadences, state, inbox, waiting, claimed, dlq, runs, journal, logs, subsessions } = paths;
  const files = createFiles();
  const known = { digest: createHistory({ files, paths }).digest(), cursors: decidedSlots({ files, paths }) };
  const { env } = readMachine();
  return {
    root: paths.root,
    dirs: { cadences, state, inbox, waiting, claimed, dlq, runs, journal, logs, subsessions },
    cadences: readDefined(root).definitions.map((definition) => contractOf(definition, env, known)),
  };
}

interface Known {
  readonly digest: Readonly<Record<string, CadenceDigest>>;
  readonly cursors: ReturnType<typeof decidedSlots>;
}

function contractOf(definition: Definition, env: Readonly<Record<string, string | undefined>>, { digest, cursors }: Known): CadenceContract {
  const { name, path, cadence, problems } = definition;
  const about = cadence?.about;
  const required = cadence?.requiredEnv ?? [];
  return {
    name,
    path,
    description: cadence?.description ?? '',
    kind: cadence?.run.kind ?? null,
    enabled: cadence?.enabled ?? false,
    run: cadence === undefined ? null : viewRun(cadence.run),
    inputs: about?.inputs ?? {},
    outputs: about?.outputs ?? {},
    schema: cadence?.schema ?? null,
    required_env: required,
    missing_env: required.filter((variable) => (env[variable] ?? '') === ''),
    network: about?.network ?? true,
    destructive: about?.destructive ?? false,
    schedule: cadence?.schedule === undefined ? null : viewSchedule(cadence.schedule),
    next_slot: cadence === undefined ? null : nextSlotOf(cadence, cursors),
    timeout_ms: cadence?.timeoutMs ?? null,
    problems,
    last: lastOf(digest[name]),
  };
}

function lastOf(digest: CadenceDigest | undefined): CadenceContract['last'] {
  const last = lastRunOf(digest);
  if (last === undefined) return null;
  const { run_id, status, ended_at, summary, reason } = last;
  return { run_id, status, ended_at, summary: summary || reason };
}
