import { judgeExit, summarize } from '../core/judge.ts';
import type { Ending, Outcome } from '../core/outcome.ts';
import type { Files } from '../ports.ts';
import { readTail } from './capture.ts';

/** The last `type: "result"` line of a session's stream: the only place where claude says how it went. */
export interface SessionResult {
  readonly isError: boolean;
  readonly text: string;
  readonly costUsd: number | undefined;
}

/** A result holds the whole answer and may be long; the stream before it is not read. */
const WINDOWS = [64 * 1024, 1024 * 1024, 8 * 1024 * 1024];

export function readResult(files: Files, stdoutPath: string): SessionResult | undefined {
  for (const bytes of WINDOWS) {
    const text = readTail(files, stdoutPath, bytes);
    const result = lastResult(text);
    if (result !== undefined || text.length < bytes / 4) return result;
  }
  return undefined;
}

export function lastResult(stream: string): SessionResult | undefined {
  for (const line of stream.split('\n').reverse()) {
    const event = line.includes('"result"') ? parseObject(line) : undefined;
    if (event?.type === 'result') return resultOf(event);
  }
  return undefined;
}

function parseObject(line: string): Readonly<Record<string, unknown>> | undefined {
  try {
    const value: unknown = JSON.parse(line);
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : undefined;
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

/** Keys and their order differ from version to version: each is taken where it is there and fits. */
function resultOf(event: Readonly<Record<string, unknown>>): SessionResult {
  const { result, errors, subtype, is_error: isError, total_cost_usd: cost } = event;
  const words = Array.isArray(errors) ? errors.filter((error) => typeof error === 'string').join(' | ') : '';
  return {
    isError: isError !== false || (typeof subtype === 'string' && subtype !== 'success'),
    text: typeof result === 'string' && result !== '' ? result : words || String(subtype ?? ''),
    costUsd: typeof cost === 'number' && Number.isFinite(cost) && cost >= 0 ? cost : undefined,
  };
}

/** A session went well only if its exit code AND its result say so. */
export function judgeSession(ending: Ending, result: SessionResult | undefined): Outcome {
  const said = result === undefined ? withoutStream(ending) : { ...ending, stdoutTail: result.text, stderrTail: '' };
  const outcome = judgeExit(said, [0]);
  if (outcome.kind !== 'ok') return outcome;
  if (result === undefined) return { kind: 'fail', blame: 'cadence', reason: withWords('exit 0, but without a result', said) };
  return result.isError ? { kind: 'fail', blame: 'cadence', reason: withWords('exit 0, but its result is an error', said) } : outcome;
}

function withWords(head: string, said: Ending): string {
  const words = summarize(said.stderrTail.trim() === '' ? said.stdoutTail : said.stderrTail);
  return words === '' ? head : `${head}: ${words}`;
}

/** Lines of JSON say nothing to a person. */
function withoutStream(ending: Ending): Ending {
  const lines = ending.stdoutTail.split('\n').filter((line, at) => !line.startsWith('{') && !(at === 0 && line.endsWith('}')));
  return { ...ending, stdoutTail: lines.join('\n') };
}
