import { asRunBy } from '../core/agent/slot.ts';
import type { Cadence, RunKind } from '../core/cadence.ts';
import { capOf, toUsd } from '../core/money/budget.ts';
import type { Paths } from '../core/paths.ts';
import type { Files } from '../ports.ts';
import { readRunFile } from './run-file.ts';

/**
 * What `run.json` says of a session, so that whoever adopts it can judge and charge it though its definition is gone by then, is broken,
 * or says something else. Of commands nothing is needed but what `run.json` says of every run: their exit code is enough.
 */
export function noteOf({ account, lane, run, budget }: Cadence): Readonly<Record<string, string | number>> {
  const cap = capOf(budget?.runUsd, run.kind === 'claude' ? run.maxUsd : undefined);
  return {
    lane,
    ...(account === undefined ? {} : { account }),
    ...(cap === undefined ? {} : { max_usd: toUsd(cap) }),
    ...(run.kind === 'agent' ? { prompt_path: run.promptPath, output: run.output } : {}),
  };
}

/** The cadence as this run of it was begun, by whichever of its agents: `now` is what its definition says by now. */
export function asBegun(files: Files, paths: Paths, now: Cadence, runId: string): Cadence {
  const note = readRunFile(files, { runDir: `${paths.running}/${runId}` });
  const [provider, account, lane, workspace] = [note.provider, note.account, note.lane, note.workspace].map(textOf);
  const known = asRunBy(now, provider);
  const run = known.run.kind === note.kind ? undefined : runOf(note, paths);
  // Where it works no other may, though its definition names another place by now.
  const begun = { ...known, account: account ?? known.account, lane: lane ?? known.lane, workspace: workspace ?? known.workspace };
  if (run === undefined) return begun;
  return {
    ...begun,
    run,
    timeoutMs: numberOf(note.timeout_ms) ?? known.timeoutMs,
    idleTimeoutMs: numberOf(note.idle_timeout_ms) ?? known.idleTimeoutMs,
  };
}

type Note = Readonly<Record<string, unknown>>;

/** undefined: it is no session, or none that can be told apart. */
function runOf({ kind, prompt_path, output, max_usd }: Note, { root }: Paths): RunKind | undefined {
  const session = { promptPath: textOf(prompt_path) ?? '', cwd: root, env: { names: [], values: {} } };
  const maxUsd = numberOf(max_usd);
  if (kind === 'claude') return { kind, ...session, args: [], ...(maxUsd === undefined ? {} : { maxUsd }) };
  return kind === 'agent' ? { kind, ...session, argv: [], output: output === 'json' ? 'json' : 'text' } : undefined;
}

const textOf = (value: unknown): string | undefined => (typeof value === 'string' ? value : undefined);
const numberOf = (value: unknown): number | undefined => (typeof value === 'number' && value >= 0 ? value : undefined);
