import type { RunRecord } from '../run.ts';
import { normalMessage, traceWords } from '../trace/fingerprint.ts';
import type { StackTrace } from '../trace/stack-trace.ts';
import { detectorOf } from './incident.ts';

/** What kind of failure it was, and what makes it the same as another. */
export interface FailureFacts {
  readonly detector: string;
  readonly title: string;
  readonly words: readonly string[];
}

/** Their kind says it all; what was said last differs from time to time. */
const SAID_BY_KIND = new Set(['timeout', 'stall', 'missed', 'lost']);

export function factsOfFailure(run: RunRecord, trace: StackTrace | undefined): FailureFacts {
  const detector = detectorOf(run);
  if (detector !== 'exit') {
    const isSession = run.class !== undefined;
    return { detector, title: run.reason, words: SAID_BY_KIND.has(detector) || isSession ? [] : [normalMessage(run.reason)] };
  }
  const [first] = trace?.exceptions ?? [];
  if (trace === undefined || first === undefined) return { detector, title: run.reason, words: [normalMessage(run.reason)] };
  const { culprit } = trace;
  const said = first.message === '' ? first.type : `${first.type}: ${first.message.split('\n')[0]}`;
  return {
    detector: 'traceback',
    title: culprit === undefined ? said : `${said} (${culprit.file.slice(culprit.file.lastIndexOf('/') + 1)}:${culprit.line})`,
    words: traceWords(trace) ?? trace.exceptions.flatMap(({ type, message }) => [type, normalMessage(message)]),
  };
}
