import type { RunKind } from '../core/cadence.ts';
import { CadenceError } from '../core/error.ts';
import { GUARD_CLASS, judgeGuard } from '../core/judge.ts';
import type { Outcome } from '../core/outcome.ts';
import { fillSummary } from '../core/text/summary.ts';
import type { Job, RunEnd, Runner, StopSignal } from '../ports.ts';
import { createAgentWork } from './agent.ts';
import { keepOutput, unlessRefused } from './capture.ts';
import { createClaudeWork } from './claude.ts';
import { createCommandWork } from './command.ts';
import { createInlineWork } from './inline.ts';
import { behindEarlierWords, type Phase, type PhaseEnd, phaseOf, type RunnerDeps, type Work } from './phase.ts';
import { resumePhase } from './run-file.ts';
import { lookUnderWay, verified, verifiedLater } from './verify.ts';

type Works = { readonly [K in RunKind['kind']]: Work<Extract<RunKind, { kind: K }>> };
type How = 'run' | 'adopt';

/**
 * A job is its guard, if it has one, then its run, then the look for its evidence. Each leaves a folder while it is at
 * work (`running/<run_id>.guard`, `running/<run_id>`, `running/<run_id>.verify`), so that whoever takes over after a death
 * goes on in the middle: with the child of the part under way, or with none, and then the run was interrupted.
 */
export function createRunners(deps: RunnerDeps): Readonly<Record<RunKind['kind'], Runner>> {
  const works: Works = {
    inline: createInlineWork(deps, deps.load),
    command: createCommandWork(deps),
    claude: createClaudeWork(deps),
    agent: createAgentWork(deps),
  };
  const start = (first: Phase, stop: StopSignal, how: How): Promise<RunEnd> =>
    settled(deps, first, first.part === 'guard' ? guardThenRun(deps, works, first, stop, how) : runThenVerify(deps, works, first, stop, how));
  const runner: Runner = {
    run: (job, stop) =>
      start(
        behindEarlierWords(deps.files, phaseOf(deps, job, job.cadence.guard === undefined || job.tick.force === true ? 'run' : 'guard', job.startedMs)),
        stop,
        'run',
      ),
    adopt: (job, stop) =>
      start(
        unlessRefused(phaseOf(deps, job, 'run', job.startedMs), () => phaseUnderWay(deps, job)),
        stop,
        'adopt',
      ),
  };
  return { inline: runner, command: runner, claude: runner, agent: runner };
}

function settled(deps: RunnerDeps, first: Phase, end: Promise<PhaseEnd>): Promise<RunEnd> {
  return end.then(
    (known) => runEndOf(deps, first, known),
    (error) => runEndOf(deps, first, notPrepared(error)),
  );
}

/** What the disk refused before anything ran is nobody's failure: the tick comes back uncharged, and by then the owner has seen the disk himself. */
function notPrepared(error: unknown): PhaseEnd {
  if (!(error instanceof CadenceError)) throw error;
  return { outcome: { kind: 'defer', delayMs: undefined, reason: `it could not be prepared: ${error.message}` }, ending: undefined, hasRun: false };
}

function runEndOf(deps: RunnerDeps, first: Phase, end: PhaseEnd): RunEnd {
  if (first.job.cadence.guard !== undefined) unlessRefused(undefined, () => deps.files.removeTree(phaseOf(deps, first.job, 'guard', 0).runDir));
  const { stdoutPath, stderrPath } = end.isSilent === true && first.part === 'run' ? NO_OUTPUT : keepOutput(deps.files, first.output);
  return {
    outcome: end.outcome,
    evidence: end.evidence,
    result: kept(end.result),
    ending: end.ending,
    costUsd: end.costUsd,
    hasRun: end.hasRun,
    stdoutPath,
    stderrPath,
  };
}

/** A record is no place for megabytes: what is larger lies in the output of the run, and only there. */
const MOST_RESULT_CHARS = 64 * 1024;

function kept(result: PhaseEnd['result']): RunEnd['result'] {
  if (result === undefined) return undefined;
  const { length } = JSON.stringify(result.value) ?? '';
  return length > MOST_RESULT_CHARS ? { kind: 'large' } : { kind: 'kept', value: result.value };
}

const NO_OUTPUT = { stdoutPath: null, stderrPath: null };

async function guardThenRun(deps: RunnerDeps, works: Works, guard: Phase, stop: StopSignal, how: How): Promise<PhaseEnd> {
  const { job } = guard;
  // The folder of the run says that this job has begun, also to an owner who comes while only the guard is at work.
  if (job.cadence.guard?.kind !== 'inline') deps.files.makeDir(phaseOf(deps, job, 'run', job.startedMs).runDir);
  const asked = await work(works, guard, stop, how);
  const outcome = outcomeOfGuard(asked);
  if (outcome !== undefined) return { ...asked, outcome, hasRun: false };
  return runThenVerify(deps, works, behindEarlierWords(deps.files, { ...phaseOf(deps, job, 'run', deps.clock.nowMs()), output: guard.output }), stop, 'run');
}

/** A look for evidence that has begun says that its run ended well: its child is asked once more what it said, and nothing is repeated. */
function runThenVerify(deps: RunnerDeps, works: Works, phase: Phase, stop: StopSignal, how: How): Promise<PhaseEnd> {
  const { verify, summary } = phase.job.cadence;
  return verify === undefined && summary === undefined ? work(works, phase, stop, how) : runThenLook(deps, works, phase, stop, how);
}

async function runThenLook(deps: RunnerDeps, works: Works, phase: Phase, stop: StopSignal, how: How): Promise<PhaseEnd> {
  const { run, verify } = phase.job.cadence;
  const looking = how === 'adopt' ? lookUnderWay(deps, phase) : undefined;
  if (looking === undefined) {
    // For a handler nothing else says that its job has begun.
    if (verify?.kind === 'command' && run.kind === 'inline') deps.files.makeDir(phase.runDir);
    return verified(deps, phase, summed(phase, await work(works, phase, stop, how)), stop);
  }
  const { until, result, summary } = looking;
  const ended: PhaseEnd = run.kind === 'inline' ? { outcome: { kind: 'ok', summary }, ending: undefined } : await work(works, { ...phase, until }, stop, how);
  return verifiedLater(deps, phase, ended.outcome.kind === 'ok' ? { ...ended, result, outcome: { kind: 'ok', summary } } : ended, stop);
}

function summed({ job }: Phase, end: PhaseEnd): PhaseEnd {
  const { summary } = job.cadence;
  if (summary === undefined || end.result === undefined || end.outcome.kind !== 'ok') return end;
  return { ...end, outcome: { kind: 'ok', summary: fillSummary(summary, end.result.value) } };
}

function work(works: Works, phase: Phase, stop: StopSignal, how: How): Promise<PhaseEnd> {
  const { run, guard } = phase.job.cadence;
  const kind = phase.part === 'guard' ? (guard ?? run) : run;
  switch (kind.kind) {
    case 'inline':
      return works.inline[how](kind, phase, stop);
    case 'command':
      return works.command[how](kind, phase, stop);
    case 'agent':
      return works.agent[how](kind, phase, stop);
    case 'claude':
      return works.claude[how](kind, phase, stop);
  }
}

/** undefined: there is work. */
function outcomeOfGuard({ outcome, ending }: PhaseEnd): Outcome | undefined {
  if (ending !== undefined) return judgeGuard(ending);
  if (outcome.kind === 'ok') return undefined;
  return outcome.kind === 'fail' || outcome.kind === 'give_up' ? { ...outcome, class: GUARD_CLASS, reason: `its guard failed: ${outcome.reason}` } : outcome;
}

function phaseUnderWay(deps: RunnerDeps, job: Job): Phase {
  const [run, guard] = [phaseOf(deps, job, 'run', job.startedMs), phaseOf(deps, job, 'guard', job.startedMs)];
  const isGuard = job.cadence.guard !== undefined && !hasBegun(deps, run) && hasBegun(deps, guard) && lookUnderWay(deps, run) === undefined;
  return resumePhase(deps.files, deps.paths, isGuard ? guard : run);
}

function hasBegun(deps: RunnerDeps, phase: Phase): boolean {
  return deps.files.list(phase.runDir).includes('run.json');
}
