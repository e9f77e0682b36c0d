import type { Ms } from '../core/instant.ts';
import type { Ending, Outcome } from '../core/outcome.ts';
import { costOf, readSession, type Session, turnsOf } from '../core/session-stream.ts';
import { judgeSession, outcomeOf } from '../core/session-verdict.ts';
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

export interface SessionEnd {
  readonly outcome: Outcome;
  readonly ending: Ending;
  readonly costUsd: number | undefined;
}

/** The end of a session, judged; with what it says of itself for the record. */
export function endOf(session: Session, ending: Ending, endedMs: Ms, zone: string | undefined): SessionEnd {
  const outcome = outcomeOf(judgeSession(session, ending, { endedMs, zone }), ending);
  const turns = turnsOf(session.result);
  const about = { ...(session.id === undefined ? {} : { id: session.id }), ...(turns === undefined ? {} : { turns }) };
  return { outcome, ending: { ...ending, session: about }, costUsd: costOf(session.result) };
}
