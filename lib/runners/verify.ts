import type { JsonSchema, Verification } from '../core/cadence.ts';
import { CadenceError } from '../core/error.ts';
import { type Evidence, withEvidence } from '../core/evidence.ts';
import { judgeEvidence } from '../core/judge.ts';
import type { Ending } from '../core/outcome.ts';
import type { StopSignal } from '../ports.ts';
import { misfits } from '../wire/user-schema.ts';
import { sizeOf, unlessRefused } from './capture.ts';
import { adoptChild, runChild, writePayload } from './child-run.ts';
import { argvOf } from './command.ts';
import { aboutRun, childEnvironment } from './environment.ts';
import { findNewer } from './newer.ts';
import { type Phase, type PhaseEnd, phaseOf, type RunnerDeps } from './phase.ts';
import { putFile, readRunFile, resumePhase } from './run-file.ts';

/**
 * The look for evidence, after a run that ended well. A command is a part of the job like its guard: with a folder of its
 * own, so that whoever takes over after a death goes on with the look and does not repeat the work.
 */
type CommandMeans = Extract<Verification, { kind: 'command' }>;

export async function verified(deps: RunnerDeps, phase: Phase, end: PhaseEnd, stop: StopSignal): Promise<PhaseEnd> {
  const { verify } = phase.job.cadence;
  if (verify === undefined || end.outcome.kind !== 'ok') return end;
  if (verify.kind === 'command') return withLook(end, await startLook(deps, phase, verify, end, stop), verify);
  return judged(end, lookHere(deps, phase, verify, end), verify);
}

/** Goes on with a look that an earlier owner began: the run had ended well, and `end` is that end once more. */
export async function verifiedLater(deps: RunnerDeps, phase: Phase, end: PhaseEnd, stop: StopSignal): Promise<PhaseEnd> {
  const { verify } = phase.job.cadence;
  if (verify?.kind !== 'command' || end.outcome.kind !== 'ok') return end;
  const look = resumePhase(deps.files, deps.paths, lookPhase(deps, phase, verify));
  return withLook(end, { ending: await adoptChild(deps, look, stop) }, verify);
}

interface Looking {
  readonly until: Phase['until'];
  readonly summary: string;
  readonly result: PhaseEnd['result'];
}

/** Where the words of the run end, if an earlier owner had begun to look for its evidence; and what it came to. */
export function lookUnderWay(deps: RunnerDeps, run: Phase): Looking | undefined {
  const { verify } = run.job.cadence;
  if (verify?.kind !== 'command') return undefined;
  const phase = lookPhase(deps, run, verify);
  const note = readRunFile(deps.files, phase);
  if (typeof note.stdout_from !== 'number' || typeof note.stderr_from !== 'number') return undefined;
  const until = { stdoutBytes: note.stdout_from, stderrBytes: note.stderr_from };
  return { until, summary: typeof note.summary === 'string' ? note.summary : '', result: readResult(deps, phase) };
}

function lookPhase(deps: RunnerDeps, run: Phase, { timeoutMs }: CommandMeans): Phase {
  return { ...phaseOf(deps, run.job, 'verify', deps.clock.nowMs()), output: run.output, timeoutMs };
}

type Looked = { readonly ending: Ending } | { readonly because: string };

/** What the disk refuses here concerns the look alone: the work is done, and must not be done again. */
async function startLook(deps: RunnerDeps, run: Phase, verify: CommandMeans, end: PhaseEnd, stop: StopSignal): Promise<Looked> {
  try {
    return await look(deps, run, verify, end, stop);
  } catch (error) {
    if (error instanceof CadenceError) return { because: error.message };
    throw error;
  }
}

async function look(deps: RunnerDeps, run: Phase, verify: CommandMeans, end: PhaseEnd, stop: StopSignal): Promise<Looked> {
  const { stdoutPath, stderrPath } = run.output;
  const before = { stdoutBytes: sizeOf(deps.files, stdoutPath), stderrBytes: sizeOf(deps.files, stderrPath) };
  const phase: Phase = { ...lookPhase(deps, run, verify), before };
  const resultPath = writeResult(deps, phase, end);
  const about = {
    ...aboutRun(run.job, deps.paths, writePayload(deps, phase)),
    CADENCE_STDOUT_FILE: stdoutPath,
    CADENCE_STDERR_FILE: stderrPath,
    ...(resultPath === undefined ? {} : { CADENCE_RESULT_FILE: resultPath }),
  };
  const environment = childEnvironment(deps.env, verify.run.env, about);
  if (environment.kind === 'unset') return { because: environment.reason };
  // While it is looked for, the run's own end is in no record.
  deps.processes.keepExit(run.runDir);
  const summary = end.outcome.kind === 'ok' ? end.outcome.summary : '';
  const plan = { kind: 'command', argv: argvOf(verify.run), cwd: verify.run.cwd, env: environment.env, stdinPath: resultPath, note: { summary } };
  return { ending: await runChild(deps, phase, stop, plan) };
}

function readResult({ files }: RunnerDeps, { runDir }: Phase): PhaseEnd['result'] {
  const found = unlessRefused(undefined, () => files.read(`${runDir}/result.json`));
  try {
    return found?.kind === 'text' ? { value: JSON.parse(found.text) } : undefined;
  } catch (error) {
    // Somebody has been at it: then there is none.
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

/** The result as JSON is stdin of the command: `verify: {command: [jq, -e, .ok]}`. */
function writeResult(deps: RunnerDeps, look: Phase, { result }: PhaseEnd): string | undefined {
  if (result === undefined) return undefined;
  const path = `${look.runDir}/result.json`;
  putFile(deps.files, path, `${JSON.stringify(result.value)}\n`);
  return path;
}

function withLook(end: PhaseEnd, looked: Looked, verify: Verification): PhaseEnd {
  if ('because' in looked) return judged(end, { kind: 'command', outcome: 'unknown', because: looked.because }, verify);
  const { ending } = looked;
  const known = end.ending;
  const both = known === undefined ? undefined : { ...known, ...joined(known, ending) };
  return judged({ ...end, ending: both, isSilent: false }, { kind: 'command', ...judgeEvidence(ending) }, verify);
}

/** The record tells of all that a run and the look for its evidence left behind. */
function joined(run: Ending, look: Ending): Pick<Ending, 'survivors' | 'droppedBytes'> {
  const survivors = [...run.survivors, ...look.survivors.filter(({ pid }) => !run.survivors.some((known) => known.pid === pid))];
  return { survivors, droppedBytes: Math.max(run.droppedBytes, look.droppedBytes) };
}

function judged(end: PhaseEnd, evidence: Evidence, { isRequired }: Verification): PhaseEnd {
  return end.outcome.kind === 'ok' ? { ...end, evidence, outcome: withEvidence(end.outcome, evidence, isRequired) } : end;
}

function lookHere(deps: RunnerDeps, phase: Phase, verify: Exclude<Verification, { kind: 'command' }>, end: PhaseEnd): Evidence {
  switch (verify.kind) {
    case 'newer':
      return { kind: verify.kind, ...findNewer(deps.files, { patterns: verify.patterns, sinceMs: phase.startedMs, nowMs: deps.clock.nowMs() }) };
    case 'schema':
      return { kind: verify.kind, ...fitOf(verify.schema, end.result) };
  }
}

function fitOf(schema: JsonSchema, result: PhaseEnd['result']): Pick<Evidence, 'outcome' | 'because'> {
  if (result === undefined) return { outcome: 'not_proven', because: 'it gave no result as JSON' };
  const wrong = misfits(schema, result.value, 'result');
  return wrong.length === 0 ? { outcome: 'proven', because: 'its result fits the schema' } : { outcome: 'not_proven', because: wrong.join('; ') };
}
