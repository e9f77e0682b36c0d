import type { HookResult } from '../../app/answers/hook-results.ts';
import { hasOutput } from '../../app/following.ts';
import { createReading, isKnownHere } from '../../app/reading.ts';
import { nowMs, unknownCadence } from '../../app/root.ts';
import { CadenceError } from '../../core/error.ts';
import { formatUsd } from '../../core/money/dollars.ts';
import { RUN_STATUSES, type RunRecord } from '../../core/run.ts';
import { toVisible, truncate } from '../../core/text/excerpt.ts';
import { nearest } from '../../core/text/nearest.ts';
import { shellWord } from '../../core/text/shell-word.ts';
import { CONTROL_CADENCE } from '../../core/tick.ts';
import { formatDuration } from '../../core/time/duration.ts';
import { parseIso } from '../../core/time/instant.ts';
import type { CommandContext, Paint } from '../command.ts';
import { table } from '../output.ts';

export async function run({ words, flags, out, root }: CommandContext): Promise<number> {
  const [cadence] = words;
  const limit = flags.count('limit', 20);
  const status = flags.text('status');
  const sinceMs = flags.duration('since');
  if (status !== undefined && !RUN_STATUSES.some((known) => known === status)) {
    throw new CadenceError('usage', `${status} is no status of a run`, `Did you mean ${nearest(status, RUN_STATUSES) ?? RUN_STATUSES.join(', ')}?`);
  }
  const reading = createReading(await root());
  const query: RunQuery = {
    limit,
    ...(cadence === undefined ? {} : { cadence }),
    ...(status === undefined ? {} : { status }),
    ...(sinceMs === undefined ? {} : { sinceMs: nowMs() - sinceMs }),
  };
  const runs = reading.runs(query);
  // Of one that ran and whose runs are gone the digest still knows.
  const last = cadence === undefined || runs.length > 0 ? undefined : reading.history.digest()[cadence]?.last;
  if (cadence !== undefined && runs.length === 0 && last === undefined && !isKnownHere(reading, cadence)) throw unknownCadence(cadence, reading.defined());
  out.result({ ok: true, runs }, () => (runs.length === 0 ? nothing(query, last) : table(runs.map((one) => runRow(one, out.paint)))));
  const [first] = runs;
  if (first !== undefined) out.next(...(hasOutput(first) ? [`cadence-bus logs ${first.run_id}`] : []), `cadence-bus show ${first.run_id}`);
  return 0;
}

interface RunQuery {
  readonly limit: number;
  readonly cadence?: string;
  readonly status?: string;
  readonly sinceMs?: number;
}

/** A run that is under way is in no record yet, and `status` shows it. */
function nothing(query: RunQuery, last: RunRecord | undefined): string {
  const { cadence, status, sinceMs } = query;
  if (status !== undefined || sinceMs !== undefined) return 'No such run is recorded.';
  if (last !== undefined) return `What ran of ${cadence} is on file no more (retention); the last one: ${last.status} at ${last.ended_at ?? last.started_at}.`;
  return cadence === undefined ? 'Nothing has run.' : `No run of ${cadence} has ended yet.`;
}

export function paintStatus(run: RunRecord, paint: Paint): string {
  switch (run.status) {
    case 'succeeded':
      return paint.green(run.status);
    case 'failed':
    case 'dead':
      return paint.red(run.status);
    case 'unverified':
    case 'cancelled':
    case 'interrupted':
    case 'expired':
    case 'held':
    case 'waiting':
      return paint.yellow(run.status);
    case 'queued':
    case 'running':
    case 'skipped':
    case 'coalesced':
      return paint.dim(run.status);
  }
}

export function runRow(run: RunRecord, paint: Paint): readonly string[] {
  const name = run.cadence === CONTROL_CADENCE ? paint.dim('order') : run.cadence;
  const told = run.summary === '' ? run.reason : run.summary;
  return [
    run.started_at.replace('T', ' ').slice(0, 19),
    paintStatus(run, paint),
    name,
    run.run_id,
    formatDuration(run.duration_ms),
    truncate(toVisible(told).replaceAll('\n', ' '), 90),
  ];
}

function describeTokens({ tokens = {} }: RunRecord): string {
  const uses = Object.entries(tokens).map(([model, use]) => {
    const cached = use.cache_read + use.cache_write === 0 ? '' : `, cache ${count(use.cache_read)} read and ${count(use.cache_write)} written`;
    return `${model} ${count(use.input)} in, ${count(use.output)} out${cached}`;
  });
  return uses.join('; ');
}

const count = (tokens: number): string => tokens.toLocaleString('en-US');

/** What ended without an owner is recorded by the next one. */
function tookInWords({ started_at, ended_at, duration_ms }: RunRecord): string | null {
  if (ended_at === null) return null;
  const laterMs = (parseIso(ended_at) ?? 0) - (parseIso(started_at) ?? 0) - duration_ms;
  return `${formatDuration(duration_ms)}${laterMs < 1000 ? '' : `; its end was recorded ${formatDuration(laterMs)} later, by the next owner`}`;
}

/** A session is found again only from the folder that it ran in. */
function resumeCommand({ session_id: id, cwd, turns = 0 }: RunRecord): string | undefined {
  if (id === undefined || turns === 0) return undefined;
  return cwd === undefined ? `claude --resume ${id}` : `cd ${shellWord(cwd)} && claude --resume ${id}`;
}

/** A run, or a tick that has not run yet, in words. */
export function describeRecord(run: RunRecord & { readonly hooks?: readonly HookResult[] }): string {
  const rows: (readonly [string, string | null | undefined])[] = [
    ['run', run.run_id],
    ['cadence', run.cadence],
    ['status', run.status],
    ['attempt', String(run.attempt)],
    ['agent', run.provider],
    ['reason', run.reason],
    ['summary', run.summary],
    ['result', run.result === undefined ? run.result_path : truncate(JSON.stringify(run.result), 300)],
    ['evidence', run.verify === undefined ? null : `${run.verify.outcome.replace('_', ' ')} (${run.verify.kind}): ${run.verify.because}`],
    ['started', run.started_at],
    ['ended', run.ended_at],
    ['took', tookInWords(run)],
    ['exit', run.exit_code === null ? run.signal : String(run.exit_code)],
    ['cost', run.cost_usd === null ? null : `${run.cost_is_estimate === true ? 'about ' : ''}${formatUsd(run.cost_usd)}`],
    ['tokens', describeTokens(run)],
    ['model', run.model],
    ['turns', run.turns === undefined ? null : String(run.turns)],
    ['session', run.session_id === undefined ? null : `${run.session_id}${run.is_resumed === true ? ' (went on with that of an earlier try)' : ''}`],
    ['go on', resumeCommand(run)],
    ['tries again', run.retry_at],
    ['expires', run.expires_at],
    ['stdout', run.stdout_path],
    ['stderr', run.stderr_path],
    ...(run.hooks ?? []).map((hook, n): readonly [string, string] => [n === 0 ? 'hooks' : '', describeHook(hook)]),
    ['left behind', run.survivors?.map(({ pid, command }) => `${pid} ${command}`).join('; ')],
    ['dropped', run.dropped_bytes === undefined ? null : `${run.dropped_bytes} bytes of output, over the log's cap`],
  ];
  return table(rows.flatMap(([key, value]) => (value === null || value === undefined || value === '' ? [] : [[`  ${key}`, toVisible(value)]])));
}

/** `notify:discord delivered`, `on_failure[0] waiting, 1 try: exit 3` */
export function describeHook({ name, status, attempts, ok, error }: HookResult): string {
  const tries = ok || attempts === 0 ? '' : `, ${attempts} ${attempts === 1 ? 'try' : 'tries'}`;
  return `${name} ${status}${tries}${error === undefined ? '' : `: ${error}`}`;
}
