import type { CommandRun } from '../core/cadence.ts';
import type { Outcome } from '../core/outcome.ts';
import { type Heard, hearLine, judgeOutput, NOTHING_HEARD } from '../core/output.ts';
import { sizeOf, unlessRefused } from './capture.ts';
import type { Attention } from './child-run.ts';
import type { Phase, PhaseEnd, RunnerDeps } from './phase.ts';

/**
 * What a command prints, heard while it prints it. A line that is an event is told at once; after an owner's death the
 * next one reads from the beginning, and tells what had not been told.
 */
export interface OutputEar {
  readonly attention: Attention;
  /** The end of the run, with its result; a run that broke its promise of data has failed. */
  judge(end: PhaseEnd): PhaseEnd;
}

/** One JSON value is held in memory, whole. */
const MOST_JSON_BYTES = 16 * 1024 * 1024;
/** The journal is no place for a flood: all lines are counted and kept in the log, so many are events. */
const MOST_TOLD = 10_000;

/** The class of a failure to print what was promised. */
const OUTPUT_CLASS = 'output';

export function createOutputEar(deps: RunnerDeps, { output = 'text' }: CommandRun, phase: Phase, how: 'run' | 'adopt'): OutputEar {
  // The words of a guard are none of the run, and a look for evidence that has begun has kept the result.
  if (output === 'text' || phase.part !== 'run' || phase.until !== undefined) return { attention: {}, judge: (end) => end };
  let heard: Heard = NOTHING_HEARD;
  const toldBefore = output === 'json' || how === 'run' ? 0 : deps.events.told(phase.job, phase.startedMs);
  const onLine: Attention['onLine'] = ({ text, isCut }) => {
    const step = hearLine(heard, text, isCut);
    heard = step.heard;
    if (step.event === undefined) return;
    const index = heard.events - 1;
    if (index >= toldBefore && index < MOST_TOLD) deps.events.tell(phase.job, index, step.event);
    if (index === MOST_TOLD && index >= toldBefore) deps.events.tell(phase.job, index, undefined);
  };
  return {
    attention: output === 'json' ? {} : { onLine, isAnyOutputLife: true },
    judge(end) {
      const { result, wrong } = judgeOutput(output, heard, output === 'jsonl' ? undefined : readAll(deps, phase));
      return { ...end, result, outcome: wrong === undefined ? end.outcome : broken(end.outcome, wrong) };
    },
  };
}

/** Whoever fails for another reason is told that reason. */
function broken(outcome: Outcome, wrong: string): Outcome {
  return outcome.kind === 'ok' ? { kind: 'fail', blame: 'cadence', class: OUTPUT_CLASS, reason: `it ended well, but ${wrong}` } : outcome;
}

function readAll({ files }: RunnerDeps, { output, before }: Phase): string | undefined {
  const bytes = sizeOf(files, output.stdoutPath) - before.stdoutBytes;
  if (bytes <= 0) return '';
  return bytes > MOST_JSON_BYTES ? undefined : unlessRefused(undefined, () => files.readRange(output.stdoutPath, before.stdoutBytes, bytes).toString('utf8'));
}
