import type { CommandRun } from '../core/cadence.ts';
import { CadenceError } from '../core/error.ts';
import { type HealAnswer, readAnswer } from '../core/heal/answer.ts';
import { type Fix, printOf } from '../core/heal/book.ts';
import { agentOf, agentRun, HEAL_ATTEMPTS, type Healing, settableBy } from '../core/heal/cadence.ts';
import { type Incident, isFoundOnly } from '../core/incident/incident.ts';
import { contextVariables, renderContext } from '../core/notice/follow-context.ts';
import type { Outcome } from '../core/outcome.ts';
import type { RunRecord } from '../core/run.ts';
import type { Files, History, Job, RunEnd, Runner, StopSignal } from '../ports.ts';
import type { Answering } from './answering.ts';
import type { LadderDeps } from './ladder.ts';
import { contextFor, type PromptingDeps, promptFor, type Subject } from './prompting.ts';

export interface WorkerDeps extends Omit<LadderDeps, 'history'>, PromptingDeps {
  readonly history: Pick<History, 'find' | 'runs'>;
  readonly files: Files;
  readonly answering: Answering;
  /** Whose work a cadence of the program's own is. */
  readonly healingOf: (name: string) => Healing | undefined;
  /** By tick: what has run and been paid for, and whose answer the disk refused. It is put off by that, and is not asked a second time. */
  readonly untaken: Map<string, RunEnd>;
}

const RECENT_RUNS = 20;
const LAST_WORDS_BYTES = 256 * 1024;

/** Runs who mends: what it is told is put together when it begins, and what it answers is taken when it has ended. */
export function createWorker(deps: WorkerDeps, runnerOf: (kind: Job['cadence']['run']['kind']) => Runner): Runner {
  const { untaken } = deps;
  const start =
    (how: 'run' | 'adopt') =>
    async (job: Job, stop: StopSignal): Promise<RunEnd> => {
      const subject = subjectOf(deps, job);
      const earlier = untaken.get(job.tickId);
      if (typeof subject === 'string') {
        untaken.delete(job.tickId);
        // What it has cost is still to be told.
        return { ...(earlier ?? NOTHING_RUN), outcome: { kind: 'skip', reason: subject } };
      }
      const prepared = how === 'run' && earlier === undefined ? prepare(deps, subject, job) : job;
      if ('outcome' in prepared) {
        await deps.answering.finished(subject.fix, undefined, { because: prepared.outcome.reason, response: '', workedMs: 0, maySet: [], isLast: false });
        return unrun(prepared.outcome);
      }
      const end = earlier ?? (await runnerOf(prepared.cadence.run.kind)[how](prepared, stop));
      untaken.set(job.tickId, end);
      const taken = await conclude(deps, subject, job, end);
      untaken.delete(job.tickId);
      return taken;
    };
  return { run: start('run'), adopt: start('adopt') };
}

const NOTHING_RUN = { ending: undefined, hasRun: false, stdoutPath: null, stderrPath: null } as const;

const unrun = (outcome: Outcome): RunEnd => ({ ...NOTHING_RUN, outcome });

/** A text: why there is nothing to do any more. */
function subjectOf(deps: WorkerDeps, job: Job): (Subject & { readonly healing: Healing }) | string {
  const { fingerprint, incident_id, n } = (job.tick.payload ?? {}) as Readonly<Record<string, unknown>>;
  const print = typeof fingerprint === 'string' ? printOf(deps.book.now(), fingerprint) : undefined;
  const incident = typeof incident_id === 'string' ? deps.incidents().get(incident_id) : undefined;
  const healing = deps.healingOf(job.cadence.name);
  if (print === undefined || incident === undefined || healing === undefined) return 'there is nothing to mend any more';
  const fix = print.fix ?? print.last?.ended;
  if (fix === undefined || fix.n !== n || fix.incident_id !== incident.id) return 'something else is tried by now';
  const run = deps.history.find(fix.run_id) ?? (isFoundOnly(incident) ? runOf(deps, incident) : undefined);
  if (run === undefined) return `there is no run ${fix.run_id} any more`;
  const working: Fix = { ...fix, status: fix.status === 'pending' ? 'pending' : 'working' };
  return { cadence: healing.cadence, incident, dir: deps.incidents().dirOf(incident.id), run, fix: working, print, healing };
}

/** Of what was found without a run that failed: how its cadence ran last, with what is wrong for a reason. */
function runOf({ history }: WorkerDeps, { cadence, title }: Incident): RunRecord {
  const blank = {
    ...{ run_id: '', cadence, tick: '', attempt: 1, summary: '', started_at: 'never', ended_at: null, duration_ms: 0, exit_code: null, signal: null },
    ...{ cost_usd: null, stdout_path: null, stderr_path: null },
  };
  const [last] = history.runs({ cadence, limit: RECENT_RUNS }).filter(({ status }) => status !== 'expired' && status !== 'coalesced');
  return { ...(last ?? blank), status: last?.status ?? 'held', reason: title, summary: '' };
}

function prepare(
  deps: WorkerDeps,
  subject: Subject & { readonly healing: Healing },
  job: Job,
): Job | { readonly outcome: Extract<Outcome, { reason: string }> } {
  const { healing, cadence, dir, fix, incident, print } = subject;
  if (incident.state === 'resolved') return { outcome: { kind: 'skip', reason: 'a run has ended well meanwhile' } };
  if (!cadence.enabled) return { outcome: { kind: 'skip', reason: 'its cadence is disabled meanwhile' } };
  if (print.fix?.status !== 'working') return { outcome: { kind: 'skip', reason: 'its answer was taken before' } };
  const { payload: _payload, ...tick } = job.tick;
  const action = cadence.ladder?.rungs[healing.rung]?.action;
  if (action?.kind === 'command') return { ...job, tick, cadence: { ...job.cadence, run: callback(deps, subject, action.run) } };
  const agent = cadence.ladder === undefined ? undefined : agentOf(cadence.ladder, healing.rung);
  if (agent === undefined) return { outcome: { kind: 'skip', reason: 'its ladder has this rung no more' } };
  try {
    const promptPath = deps.folder.putPrompt(dir, fix, promptFor(deps, subject, agent));
    return { ...job, tick, cadence: { ...job.cadence, run: agentRun(agent, promptPath) } };
  } catch (error) {
    if (!(error instanceof CadenceError) || error.code !== 'not_found') throw error;
    return { outcome: { kind: 'give_up', blame: 'nobody', reason: error.message } };
  }
}

/** P16: the words of templates in its arguments and in its environment; of a line for a shell only in its environment. */
function callback(deps: WorkerDeps, subject: Subject, run: CommandRun): CommandRun {
  const context = contextFor(deps, subject);
  const told = Object.entries(contextVariables(context)).filter(([name]) => name !== 'CADENCE_RUN_ID');
  // A dollar in a value is a dollar, and no variable of the owner's.
  const values = told.map(
    ([name, value]) =>
      [
        name,
        value
          .replaceAll('\0', '')
          .slice(0, 32 * 1024)
          .replaceAll('$', '$$$$'),
      ] as const,
  );
  const argv = run.shell ? run.argv : run.argv.map((word) => renderContext(word, context, 'program').replaceAll('\0', ''));
  return { ...run, argv, env: { names: run.env.names, values: { ...run.env.values, ...Object.fromEntries(values) } } };
}

/** Who was put off, by a halt, its account or a disk, comes again: its answer is still to come. */
async function conclude(deps: WorkerDeps, subject: Subject & { readonly healing: Healing }, job: Job, end: RunEnd): Promise<RunEnd> {
  const { outcome } = end;
  const isPutOff =
    outcome.kind === 'defer' || outcome.kind === 'interrupted' || ((outcome.kind === 'fail' || outcome.kind === 'give_up') && outcome.blame === 'account');
  const { fix, healing, cadence } = subject;
  const isLost = outcome.kind === 'interrupted' && outcome.by === 'owner-died' && job.attempt >= HEAL_ATTEMPTS;
  if (isPutOff && !isLost) {
    if (outcome.kind === 'fail' || outcome.kind === 'give_up')
      await deps.answering.putOff(fix, `the agent waits for its account: ${outcome.reason}`.slice(0, 300));
    return end;
  }
  const isProgram = healing.worker === 'command';
  const response = isProgram ? '' : responseOf(deps, end);
  const answer = isProgram ? exitAnswer(end) : outcome.kind === 'ok' ? agentAnswer(end, response) : undefined;
  const agent = cadence.ladder === undefined ? undefined : agentOf(cadence.ladder, healing.rung);
  const words = await deps.answering.finished(fix, answer, {
    because: becauseOf(outcome, isProgram),
    response,
    workedMs: end.ending?.durationMs ?? Math.max(0, deps.clock.nowMs() - job.startedMs),
    maySet: settableBy(cadence, agent?.maySet ?? []),
    isLast: !isProgram || outcome.kind === 'cancelled',
  });
  if (outcome.kind === 'ok') return { ...end, outcome: answer === undefined ? unusable(words) : { kind: 'ok', summary: words.slice(0, 200) } };
  // Exit 1 is an answer, and no failure of the program. What did not help is no reason to hold who mends: the ladder decides.
  if (answer !== undefined) return { ...end, outcome: { kind: 'ok', summary: words.slice(0, 200) } };
  return outcome.kind === 'fail' || outcome.kind === 'give_up' ? { ...end, outcome: { ...outcome, kind: 'give_up', blame: 'nobody' } } : end;
}

/** Its account did its part, and is well. */
function unusable(reason: string): Outcome {
  return { kind: 'give_up', blame: 'nobody', class: 'schema', reason };
}

/** P13: 0 it is fixed, try again; 1 a person is needed. */
function exitAnswer({ outcome, ending }: RunEnd): HealAnswer | undefined {
  if (outcome.kind === 'ok') return { kind: 'restart', set: {}, diagnosis: '' };
  return ending?.code === 1 && ending.stoppedFor === null ? { kind: 'none', set: {}, diagnosis: ending.stderrTail.trim().split('\n').at(-1) ?? '' } : undefined;
}

function agentAnswer({ result }: RunEnd, response: string): HealAnswer | undefined {
  return readAnswer(result?.kind === 'kept' ? result.value : undefined, response);
}

function becauseOf(outcome: Outcome, isProgram: boolean): string {
  const who = isProgram ? 'the program that mends it' : 'the agent';
  if (outcome.kind === 'ok' || outcome.kind === 'unverified') return `${who} gave no usable answer`;
  if (outcome.kind === 'cancelled') return `${who} was cancelled`;
  return `${who} came to nothing: ${outcome.reason}`.slice(0, 300);
}

/** What an agent said at its end: of a session its result, of others their last words. */
function responseOf({ files, redact }: WorkerDeps, { stdoutPath }: RunEnd): string {
  const info = stdoutPath === null ? undefined : files.info(stdoutPath);
  if (stdoutPath === null || info === undefined) return '';
  const from = Math.max(0, info.sizeBytes - LAST_WORDS_BYTES);
  const text = files.readRange(stdoutPath, from, info.sizeBytes - from).toString('utf8');
  return redact(sessionResult(text) ?? text);
}

function sessionResult(text: string): string | undefined {
  for (const line of text.split('\n').reverse()) {
    if (!line.startsWith('{') || !line.includes('"type":"result"')) continue;
    try {
      const { result } = JSON.parse(line) as { readonly result?: unknown };
      return typeof result === 'string' ? result : '';
    } catch (error) {
      if (!(error instanceof SyntaxError)) throw error;
    }
  }
  return undefined;
}
