import type { Cadence } from './cadence.ts';
import type { Evidence } from './evidence.ts';
import { signalOf } from './judge.ts';
import type { Ending, Outcome } from './outcome.ts';
import type { RunRecord } from './run.ts';
import type { KeptResult } from './run-end.ts';
import type { Transition } from './settle.ts';
import { formatDeadName, formatRunId, formatTickName, parseDeadName, parseTickName, type Tick, type TickName } from './tick.ts';
import { type Ms, toIso } from './time/instant.ts';

export interface Finished {
  /** The claimed name. */
  readonly name: TickName;
  readonly tick: Tick;
  readonly cadence: Cadence | undefined;
  readonly startedMs: Ms;
  readonly endedMs: Ms;
  readonly outcome: Outcome;
  readonly transition: Transition;
  readonly ending: Ending | undefined;
  readonly stdoutPath: string | null;
  readonly stderrPath: string | null;
  readonly costUsd: number | undefined;
  readonly evidence?: Evidence | undefined;
  /** What its budget was charged where nobody knows what it cost. */
  readonly chargedUsd?: number | undefined;
  readonly result?: KeptResult | undefined;
  readonly deferrals?: number | undefined;
}

const TIMED_OUT = 124;

type Writable<T> = { -readonly [K in keyof T]: T[K] };

/** The record of a run of which no more is known than its name. */
export function blankRecord(name: Pick<TickName, 'cadence' | 'id' | 'attempts'>): RunRecord {
  return {
    run_id: formatRunId(name.id, name.attempts),
    cadence: name.cadence,
    tick: name.id,
    attempt: name.attempts,
    status: 'queued',
    reason: '',
    summary: '',
    started_at: '',
    ended_at: null,
    duration_ms: 0,
    exit_code: null,
    signal: null,
    cost_usd: null,
    stdout_path: null,
    stderr_path: null,
  };
}

/**
 * The record of a run that has ended, in the order in which its line is read fastest (history/record-line.ts). What most runs have not is added where
 * there is some, for spreading nothing a dozen times is half the cost.
 */
export function recordOf(run: Finished): RunRecord {
  const { name, tick, cadence, outcome, transition, ending } = run;
  const record: Writable<RunRecord> = {
    run_id: formatRunId(name.id, name.attempts),
    cadence: name.cadence,
    tick: name.id,
    attempt: name.attempts,
    status: transition.status,
    reason: outcome.kind === 'ok' ? '' : transition.because,
    summary: outcome.kind === 'ok' || outcome.kind === 'unverified' ? outcome.summary : '',
    started_at: toIso(run.startedMs),
    ended_at: toIso(run.endedMs),
    // It may have ended long before anybody was there to record it.
    duration_ms: Math.max(0, Math.min(run.endedMs, ending?.endedMs ?? run.endedMs) - run.startedMs),
    exit_code: exitCodeOf(ending),
    signal: ending === undefined ? null : (signalOf(ending.code, ending.signal) ?? null),
    cost_usd: run.costUsd ?? null,
    stdout_path: run.stdoutPath,
    stderr_path: run.stderrPath,
  };
  if (run.chargedUsd !== undefined) record.charged_usd = run.chargedUsd;
  if (outcome.kind === 'fail' || outcome.kind === 'give_up') Object.assign(record, failureOf(outcome));
  if (run.result !== undefined) Object.assign(record, resultOf(run.result, run.stdoutPath));
  if (run.evidence !== undefined) record.verify = run.evidence;
  if (outcome.kind === 'unverified') record.proof = cadence?.verify?.counts === 'ended';
  if (cadence?.account !== undefined) record.account = cadence.account;
  if (cadence?.provider !== undefined) record.provider = cadence.provider;
  if (tick.key !== undefined) record.key = tick.key;
  if (tick.slot !== undefined) record.slot = tick.slot;
  if (tick.force === true) record.force = true;
  record.source = tick.source;
  if (cadence?.run.kind === 'claude' || cadence?.run.kind === 'agent') record.prompt_path = cadence.run.promptPath;
  if (transition.to !== 'finished') Object.assign(record, movesOf(transition));
  if (run.deferrals !== undefined && run.deferrals > 0) record.deferrals = run.deferrals;
  if (ending !== undefined) Object.assign(record, tailOf(outcome, ending));
  if (ending !== undefined) Object.assign(record, sessionOf(ending), remainsOf(ending));
  return record;
}

/** The record of a tick that ends without a run: expired, malformed, coalesced, cancelled while it waited. */
export function recordWithoutRun(name: TickName, tick: Tick | undefined, transition: Transition, nowMs: Ms): RunRecord {
  const at = toIso(nowMs);
  return {
    ...blankRecord(name),
    status: transition.status,
    reason: transition.because,
    started_at: at,
    ended_at: at,
    ...(tick === undefined ? {} : originOf(tick)),
    ...movesOf(transition),
  };
}

/** The way out that a record prescribes: what a restart carries out when the crash came between record and rename. */
export function transitionOf(run: RunRecord): Transition | undefined {
  const { status, reason: because, moves_to: target } = run;
  if (target === undefined) return { to: 'finished', status, because };
  const file = target.slice(target.indexOf('/') + 1);
  const dead = parseDeadName(file);
  if (dead !== undefined) return { to: 'dlq', status, because, name: dead };
  const name = parseTickName(file);
  return name === undefined ? undefined : { to: 'waiting', status, because, name };
}

function originOf(tick: Tick): Pick<RunRecord, 'key' | 'slot' | 'force' | 'source'> {
  return {
    ...(tick.key === undefined ? {} : { key: tick.key }),
    ...(tick.slot === undefined ? {} : { slot: tick.slot }),
    ...(tick.force === true ? { force: true } : {}),
    source: tick.source,
  };
}

/** Everything the holds need of a failure: they are a fold over records alone. */
function failureOf({ blame, class: kind, untilMs }: Extract<Outcome, { kind: 'fail' | 'give_up' }>): Pick<RunRecord, 'blame' | 'class' | 'blocked_until'> {
  return { blame, ...(kind === undefined ? {} : { class: kind }), ...(untilMs === undefined ? {} : { blocked_until: toIso(untilMs) }) };
}

function resultOf(result: KeptResult, stdoutPath: string | null): Pick<RunRecord, 'result' | 'result_path'> {
  return result.kind === 'kept' ? { result: result.value } : stdoutPath === null ? {} : { result_path: stdoutPath };
}

function sessionOf({ session }: Ending): Partial<RunRecord> {
  if (session === undefined) return {};
  const { id, turns, model, tokens, isEstimate, cwd, isResumed } = session;
  return {
    ...(id === undefined ? {} : { session_id: id }),
    ...(turns === undefined ? {} : { turns }),
    ...(isResumed === true ? { is_resumed: true } : {}),
    ...(model === undefined ? {} : { model }),
    ...(tokens === undefined ? {} : { tokens }),
    ...(isEstimate === true ? { cost_is_estimate: true } : {}),
    ...(cwd === undefined ? {} : { cwd }),
  };
}

function exitCodeOf(ending: Ending | undefined): number | null {
  if (ending === undefined) return null;
  const { stoppedFor } = ending;
  return stoppedFor === 'timeout' || stoppedFor === 'idle' || stoppedFor === 'hung_start' ? TIMED_OUT : ending.code;
}

function remainsOf({ survivors, droppedBytes }: Ending): Pick<RunRecord, 'survivors' | 'dropped_bytes'> {
  return { ...(survivors.length === 0 ? {} : { survivors }), ...(droppedBytes === 0 ? {} : { dropped_bytes: droppedBytes }) };
}

function tailOf(outcome: Outcome, ending: Ending): Pick<RunRecord, 'stderr_tail'> {
  if (outcome.kind === 'ok' || outcome.kind === 'unverified') return {};
  const tail = ending.stderrTail.trim() === '' ? ending.stdoutTail : ending.stderrTail;
  return tail.trim() === '' ? {} : { stderr_tail: tail };
}

function movesOf(transition: Transition): Pick<RunRecord, 'retry_at' | 'moves_to'> {
  switch (transition.to) {
    case 'finished':
      return {};
    case 'waiting':
      return { retry_at: toIso(transition.name.dueMs), moves_to: `waiting/${formatTickName(transition.name)}` };
    case 'dlq':
      return { moves_to: `dlq/${formatDeadName(transition.name)}` };
  }
}
