import type { Ending } from '../core/outcome.ts';
import type { Ms } from '../core/time/instant.ts';
import type { StopSignal } from '../ports.ts';
import { type Attention, adoptChild, runChild } from './child-run.ts';
import { createFlagCheck } from './claude-flags.ts';
import { type ClaudeKind, planSession } from './claude-plan.ts';
import { endOf, readStdout } from './claude-result.ts';
import { behindEarlierWords, type Phase, type PhaseEnd, type RunnerDeps, type Work } from './phase.ts';
import { readRunFile } from './run-file.ts';
import { createSessionEar } from './session-ear.ts';

/**
 * One `claude -p` session. The prompt goes in through a file on stdin: an argument is limited to 128 KiB, is shown in the
 * process list and could be taken for an option. Every try has a session id of its own, for claude takes one only once;
 * or it goes on with the session of the try before it, where that was cut short with work done.
 */
export function createClaudeWork(deps: RunnerDeps): Work<ClaudeKind> {
  const flags = createFlagCheck(deps.files, deps.askProgram);

  async function begin(claude: ClaudeKind, phase: Phase, stop: StopSignal, isFresh: boolean): Promise<PhaseEnd> {
    const plan = await planSession(deps, flags, claude, phase, isFresh);
    if (plan.kind === 'none') return { outcome: plan.outcome, ending: undefined };
    return attend(claude, phase, stop, plan.isResumed, (attention) => runChild(deps, phase, stop, { ...plan.child, ...attention }));
  }

  async function attend(
    claude: ClaudeKind,
    phase: Phase,
    stop: StopSignal,
    isResumed: boolean,
    start: (attention: Attention) => Promise<Ending>,
  ): Promise<PhaseEnd> {
    const capUsd = capOf(claude, phase);
    const ear = createSessionEar(capUsd, (usd) => deps.meter(phase.job.runId, usd));
    const ending = await start({ firstOutputMs: firstWordMs(claude), onLine: ear.onLine });
    const progress = ear.progress();
    if (isResumed && progress.phase === 'starting' && isForgotten(ending)) return begin(claude, cleared(deps, phase), stop, true);
    const session = readStdout(deps.files, phase.output.stdoutPath, phase.before.stdoutBytes);
    return endOf(session, ending, {
      progress,
      capUsd,
      isResumed,
      lastLines: ear.lastLines(),
      endedMs: ending.endedMs ?? deps.clock.nowMs(),
      zone: zoneOf(claude),
    });
  }

  return {
    run: (claude, phase, stop) => begin(claude, phase, stop, false),
    adopt(claude, phase, stop) {
      const isResumed = readRunFile(deps.files, phase).is_resumed === true;
      return attend(claude, phase, stop, isResumed, (attention) => adoptChild(deps, phase, stop, attention));
    },
  };
}

/** claude no longer has the session: it said so, and spent nothing. */
function isForgotten({ code, stoppedFor, stderrTail }: Ending): boolean {
  return code === 1 && stoppedFor === null && /no conversation found/i.test(stderrTail);
}

/** The folder of a run holds the traces of one child. */
function cleared(deps: RunnerDeps, phase: Phase): Phase {
  for (const trace of ['pid', 'exit']) deps.files.remove(`${phase.runDir}/${trace}`);
  return behindEarlierWords(deps.files, phase);
}

/** claude's own check comes after a turn, and a turn may cost a hundred times the cap; ours comes while it runs. */
function capOf({ maxUsd }: ClaudeKind, { job }: Phase): number | undefined {
  const caps = [maxUsd, job.cadence.budget?.runUsd].filter((cap) => cap !== undefined);
  return caps.length === 0 ? undefined : Math.min(...caps);
}

/** It begins within a second. A session that has said nothing by then hangs, as it does at a locked keychain. */
const FIRST_WORD_MS: Ms = 60_000;

/** Only a stream begins at once; the other formats say everything at their end. */
function firstWordMs({ args }: ClaudeKind): Ms | undefined {
  const formats = args.flatMap((arg, at) => (arg === '--output-format' ? [args[at + 1]] : arg.startsWith('--output-format=') ? [arg.slice(16)] : []));
  return formats.every((format) => format === 'stream-json') ? FIRST_WORD_MS : undefined;
}

/** claude tells clock times in the zone it runs in. */
function zoneOf({ env }: ClaudeKind): string {
  const { TZ: set } = env.values;
  const zone = set !== undefined && /^[A-Za-z]+\/[\w/+-]+$/.test(set) ? set : (Intl.DateTimeFormat().resolvedOptions().timeZone as string | undefined);
  // Of a TZ that it cannot read Intl says nothing.
  return zone ?? 'UTC';
}
