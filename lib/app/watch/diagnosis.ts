import { CadenceError } from '../../core/error.ts';
import { pathsOf } from '../../core/paths.ts';
import { type Ms, toIso } from '../../core/time/instant.ts';
import { undiagnosed, WATCH_AGENT, WATCH_AGENT_MS, watchPrompt } from '../../core/watch/agent.ts';
import type { WatchMemory } from '../../core/watch/memory.ts';
import type { SelfDiagnosisSettings } from '../../core/watch/settings.ts';
import { createFiles } from '../../platform/files.ts';
import { createProducer } from '../../platform/producer.ts';
import type { Round } from '../../services/watchman.ts';
import { runHere } from '../run-here.ts';

/** What an agent said of it. Names as in `--json`. */
export interface Diagnosis {
  readonly keys: readonly string[];
  readonly run_id: string | null;
  readonly status: string;
  readonly summary: string;
  readonly cost_usd: number | null;
}

const SPARE_MS: Ms = 30_000;

/** At most once a day for each worry, and only where it was switched on. undefined: nobody looked. */
export async function diagnose(
  root: string,
  settings: SelfDiagnosisSettings,
  { sight, repaired, worries }: Round,
  memory: WatchMemory | undefined,
  atMs: Ms,
  handedOver: ReadonlySet<string>,
): Promise<Diagnosis | undefined> {
  const open = undiagnosed(
    worries.filter(({ key }) => !handedOver.has(key)),
    repaired.map(({ repair }) => repair),
    memory?.diagnosed ?? {},
    atMs,
  );
  // An owner that does not get on would not run it, and keeps everybody else from doing so.
  const canRun = sight.owner.state !== 'silent' && sight.owner.stuck === undefined;
  if (!settings.enabled || open.length === 0 || !canRun) return undefined;
  const keys = open.map(({ key }) => key);
  const faults = repaired.flatMap(({ fault }) => fault ?? []);
  createFiles().write(pathsOf(root).watchPrompt, watchPrompt(root, open, faults));
  try {
    const { tick } = await createProducer({ root }).enqueue(WATCH_AGENT, { source: 'heartbeat', expiresAtMs: atMs + WATCH_AGENT_MS });
    const { run_id, status, summary, reason, cost_usd } = await runHere(root, tick, WATCH_AGENT_MS + SPARE_MS, { output: () => undefined }, 'first');
    return { keys, run_id, status, summary: summary || reason, cost_usd };
  } catch (error) {
    if (!(error instanceof CadenceError)) throw error;
    return { keys, run_id: null, status: 'failed', summary: error.message, cost_usd: null };
  }
}

/** When each worry was looked at, with what was looked at now. */
export function diagnosedAt(before: WatchMemory | undefined, diagnosis: Diagnosis | undefined, atMs: Ms): WatchMemory['diagnosed'] {
  const now = (diagnosis?.keys ?? []).map((key) => [key, toIso(atMs)] as const);
  return { ...before?.diagnosed, ...Object.fromEntries(now) };
}
