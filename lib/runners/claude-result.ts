import { believedUsd } from '../core/money/told-cost.ts';
import type { Ending, Outcome, SessionFacts } from '../core/outcome.ts';
import { advance, costSoFar, type Progress, tokensSoFar } from '../core/session/progress.ts';
import { numberOf, readSession, type Session } from '../core/session/stream.ts';
import { judgeSession, outcomeOf } from '../core/session/verdict.ts';
import type { Ms } from '../core/time/instant.ts';
import type { Files } from '../ports.ts';
import { readTail, sizeOf } from './capture.ts';

/** A result holds the whole answer and may be long. What lies before the largest of these windows is not read. */
const WINDOWS = [64 * 1024, 1024 * 1024, 8 * 1024 * 1024];

/** What a session said on stdout, from `fromBytes` on; as much from its end as it takes to find its result. */
export function readStdout(files: Files, stdoutPath: string, fromBytes: number): Session {
  const sizeBytes = sizeOf(files, stdoutPath) - fromBytes;
  let session = readSession('', true);
  for (const bytes of WINDOWS) {
    const isWhole = sizeBytes <= bytes;
    session = readSession(readTail(files, stdoutPath, bytes, fromBytes), isWhole);
    if (isWhole || session.result !== undefined) break;
  }
  return session;
}

/** What is known of a session beside its words. */
export interface SessionContext {
  readonly progress: Progress;
  readonly capUsd: number | undefined;
  readonly isResumed: boolean;
  /** Its stream in words: nobody reads the last 4 KB of JSON. */
  readonly lastLines: readonly string[];
  readonly endedMs: Ms;
  readonly zone: string | undefined;
}

export interface SessionEnd {
  readonly outcome: Outcome;
  readonly ending: Ending;
  readonly costUsd: number | undefined;
  readonly result: { readonly value: unknown } | undefined;
}

/** The end of a session, judged; with what it says of itself for the record. */
export function endOf(session: Session, bare: Ending, heard: SessionContext): SessionEnd {
  const context = { ...heard, progress: withResult(heard.progress, session) };
  const facts = factsOf(session, bare.stoppedFor === 'in_vain' && context.progress.turns === 0, context);
  const stdoutTail = context.lastLines.map((line) => `${line}\n`).join('');
  const ending = { ...bare, session: facts, stdoutTail };
  return { outcome: outcomeOf(judgeSession(session, ending, context), ending), ending, costUsd: facts.costUsd, result: answerOf(session) };
}

/** A result that was too long to be heard while it was said is read at the end, and what it says it cost is what it cost. */
function withResult(progress: Progress, { result }: Session): Progress {
  const told = numberOf(result?.total_cost_usd);
  return result !== undefined && told !== undefined && told > (progress.told.costUsd ?? -1) ? advance(progress, result) : progress;
}

/** Its structured output; without a schema of claude's own an answer that is JSON as a whole counts as well. */
function answerOf({ result }: Session): SessionEnd['result'] {
  if (result === undefined) return undefined;
  if (result.structured_output !== undefined) return { value: result.structured_output };
  const text = typeof result.result === 'string' ? result.result.trim().replace(/^```(?:json)?\n([\s\S]*)\n```$/, '$1') : '';
  if (!/^[{[]/.test(text)) return undefined;
  try {
    return { value: JSON.parse(text) };
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

/**
 * What an answer costs is not known before its first part is here. A session that was stopped while it waited for one has
 * no figure; one that was only ever turned away has cost nothing.
 */
function factsOf(session: Session, hasCostNothing: boolean, { progress, capUsd, isResumed }: SessionContext): SessionFacts {
  const { usd: reckoned, isEstimate } = costSoFar(progress);
  const usd = believedUsd(reckoned);
  const tokens = tokensSoFar(progress);
  const id = progress.id ?? session.id;
  const hasBegun = progress.phase !== 'starting';
  const isKnown = usd !== undefined && (!isEstimate || usd > 0 || hasCostNothing);
  return {
    ...(id === undefined ? {} : { id }),
    ...(hasBegun ? { turns: progress.turns } : {}),
    ...(progress.model === undefined ? {} : { model: progress.model }),
    ...(progress.cwd === undefined ? {} : { cwd: progress.cwd }),
    ...(Object.keys(tokens).length === 0 ? {} : { tokens }),
    ...(hasBegun && isKnown ? { costUsd: usd } : {}),
    ...(hasBegun && isKnown && isEstimate && usd > 0 ? { isEstimate } : {}),
    ...(capUsd === undefined ? {} : { capUsd }),
    ...(isResumed ? { isResumed } : {}),
  };
}
