import { describeExit, judgeExit, limitOf, signalOf, summarize } from '../judge.ts';
import { formatUsd } from '../money/dollars.ts';
import type { Ending, Outcome } from '../outcome.ts';
import { lastLines, toVisible, truncate } from '../text/excerpt.ts';
import { formatDuration } from '../time/duration.ts';
import type { Ms } from '../time/instant.ts';
import { causeByEnd, causeInWords, causeOf } from './cause.ts';
import { type ClassRule, SESSION_CLASSES, type SessionClass } from './class.ts';
import { type ResetContext, resetInFields, resetInText } from './reset.ts';
import { denialsOf, type Session, troubleOf, turnsOf, wordsOf } from './stream.ts';

/**
 * The judgement of a claude session, which believes no exit code: it went well only if its exit code is 0 AND its last
 * result says success AND claude did not have the last word in the model's place. Whatever has no known shape is
 * `no_result`, a failure.
 *
 * Who ended it comes first, then why: a session that we stopped because it hung or took too long is judged by what it last
 * complained of and had not got over, for a dead key looks like a hang.
 */
export interface SessionVerdict {
  readonly class: SessionClass;
  readonly scope: ClassRule['scope'];
  readonly retry: boolean;
  /** A usage limit that names its end. */
  readonly untilMs: Ms | undefined;
  readonly words: string;
}

export function judgeSession(session: Session, ending: Ending, context: ResetContext): SessionVerdict {
  const found = classOf(session, ending);
  const untilMs = found === 'quota' || found === 'rate_limit' ? untilOf(session, ending, context) : undefined;
  // A rate limit is over in a minute; one that ends much later is a usage limit under another name.
  const isLong = untilMs !== undefined && untilMs - context.endedMs >= LONG_MS;
  const kind = found === 'rate_limit' && isLong ? 'quota' : found;
  const { scope, retry } = SESSION_CLASSES[kind];
  return { class: kind, scope, retry, untilMs: kind === 'quota' ? untilMs : undefined, words: wordsFor(kind, session, ending) };
}

const LONG_MS: Ms = 10 * 60_000;

/** The verdict as an outcome of a run. Who stopped it on purpose is not judged by it. */
export function outcomeOf(verdict: SessionVerdict, ending: Ending): Outcome {
  const { class: kind, scope, retry, untilMs, words } = verdict;
  switch (ending.stoppedFor) {
    case 'cancel':
    case 'halt':
    case 'owner_end':
    case 'lost':
      return judgeExit(ending, []);
    case 'timeout':
    case 'idle':
    case 'hung_start':
    case 'budget':
    case 'spent':
    case 'in_vain':
    case null:
      break;
  }
  if (kind === 'ok') return { kind: 'ok', summary: words };
  return { kind: retry ? 'fail' : 'give_up', blame: scope, reason: words, class: kind, ...(untilMs === undefined ? {} : { untilMs }) };
}

function classOf(session: Session, ending: Ending): SessionClass {
  const standing = failureOf(session);
  switch (ending.stoppedFor) {
    case 'cancel':
    case 'halt':
    case 'owner_end':
    case 'lost':
      return 'killed';
    case 'timeout':
    case 'idle':
      return standing ?? 'timeout';
    case 'hung_start':
      return standing ?? causeInWords(ending.stderrTail) ?? 'hung_start';
    case 'budget':
      return 'budget';
    case 'spent':
      return 'spent';
    case 'in_vain':
      return standing ?? 'execution';
    case null:
      break;
  }
  if (ending.spawnError !== null) return 'no_result';
  if (standing !== undefined) return standing;
  if (isSuccess(session)) return endedWell(ending) ? (isAllDenied(session) ? 'denied' : 'ok') : (classOfExit(ending) ?? 'execution');
  if (session.result !== undefined) return classOfExit(ending) ?? 'execution';
  return withoutResult(session, ending);
}

const endedWell = ({ code, signal }: Ending): boolean => code === 0 && signal === null;

/** Aborted is what a TERM during a tool makes of a session; an older version calls it a success with exit 0. */
function isSuccess({ result }: Session): boolean {
  const end = result?.terminal_reason;
  const isAborted = typeof end === 'string' && end.startsWith('aborted');
  return result !== undefined && result.subtype === 'success' && result.is_error === false && !isAborted;
}

/** What the session says went wrong, by its result or by the complaint that it had not got over. */
function failureOf(session: Session): SessionClass | undefined {
  const { result, trouble, limit } = session;
  if (isSuccess(session)) return trouble?.isAnswer === true ? (causeOf(trouble) ?? (trouble.name === undefined ? undefined : 'execution')) : undefined;
  const ended = result === undefined ? undefined : (causeByEnd(result) ?? causeOf(troubleOf(result)));
  const cause = ended ?? (trouble === undefined ? undefined : causeOf(trouble));
  const isOpen = cause === undefined || cause === 'rate_limit' || cause === 'billing';
  return limit !== undefined && isOpen ? 'quota' : cause;
}

/** claude refuses how it was called before it has begun a stream. */
const REFUSED = /^error\b|cannot be used with root|no conversation found|is already in use/im;

function withoutResult({ hasEvents, prose }: Session, ending: Ending): SessionClass {
  const { code, stderrTail } = ending;
  const spoken = causeInWords(stderrTail) ?? (code === 0 ? undefined : causeInWords(lastLines(prose, 1).join('')));
  return spoken ?? classOfExit(ending) ?? (code === 1 && !hasEvents && REFUSED.test(stderrTail) ? 'config' : 'no_result');
}

const TIMED_OUT = 124;
/** Somebody asked it to end: a logout, a shutdown, an operator. A KILL is more often the system, out of memory. */
const ASKED_TO_END: readonly (string | undefined)[] = ['SIGTERM', 'SIGHUP', 'SIGINT'];

/** What the exit tells by itself; undefined: nothing. */
function classOfExit({ code, signal }: Ending): SessionClass | undefined {
  const name = signalOf(code, signal);
  if (name !== undefined) return ASKED_TO_END.includes(name) ? 'killed' : 'execution';
  return code === TIMED_OUT ? 'timeout' : undefined;
}

/**
 * A session whose every tool call was denied could not do its duty, however well it ended. Where only the result is known
 * (`--output-format json`), each turn but the last is at least one call.
 */
function isAllDenied({ result, called, denied, isWhole }: Session): boolean {
  if (result === undefined) return false;
  const denials = denialsOf(result);
  const ids = new Set([...denied, ...denials.map(({ tool_use_id: id }) => id)]);
  if (called.size > 0) return isWhole && [...called].every((id) => ids.has(id));
  const calls = (turnsOf(result) ?? Number.POSITIVE_INFINITY) - 1;
  return isWhole && denials.length > 0 && denials.length >= calls;
}

function untilOf({ result, trouble, limit, prose }: Session, { stderrTail }: Ending, context: ResetContext): Ms | undefined {
  const spoken = [result === undefined ? '' : wordsOf(result), trouble?.text ?? '', stderrTail, prose];
  return resetInFields(limit, context) ?? resetInFields(result, context) ?? first(spoken, (text) => resetInText(text, context));
}

function first<T, R>(values: readonly T[], find: (value: T) => R | undefined): R | undefined {
  for (const value of values) {
    const found = find(value);
    if (found !== undefined) return found;
  }
  return undefined;
}

const REASON_WIDTH = 600;
const SUMMARY_WIDTH = 200;

function wordsFor(kind: SessionClass, session: Session, ending: Ending): string {
  if (kind === 'ok') return summaryOf(session);
  const said = saidOf(session, ending).join(' | ');
  const head = headOf(kind, session, ending);
  return said === '' ? head : `${head}: ${truncate(said, REASON_WIDTH)}`;
}

/** The class in words, and who ended it where that is not the same. */
function headOf(kind: SessionClass, session: Session, ending: Ending): string {
  const { words } = SESSION_CLASSES[kind];
  switch (ending.stoppedFor) {
    case 'timeout':
      return kind === 'timeout' ? `timed out after ${formatDuration(limitOf(ending))}` : `${words} (stopped after ${formatDuration(limitOf(ending))})`;
    case 'idle':
      return kind === 'timeout' ? 'stopped: no output for its idle_timeout' : `${words} (stopped: no output for its idle_timeout)`;
    case 'hung_start':
      return kind === 'hung_start' ? `hung at its start: no word for ${formatDuration(limitOf(ending))}` : `${words} (stopped: it hung at its start)`;
    case 'budget':
      return `${words}: ${spentWords(ending)}`;
    case 'spent':
      return `${words}: about ${formatUsd(ending.session?.costUsd ?? 0)} spent by it when it was stopped`;
    case 'in_vain':
      return `${words} (stopped: trying again is in vain)`;
    case 'cancel':
    case 'halt':
    case 'owner_end':
    case 'lost':
      return words;
    case null:
      break;
  }
  if (ending.spawnError !== null) return `could not be started: ${ending.spawnError}`;
  if (kind === 'denied') return `${words} (${deniedTools(session)})`;
  const isExit = kind === 'no_result' || kind === 'execution' || kind === 'killed' || kind === 'timeout' || kind === 'config';
  return isExit ? `${words}: ${describeExit(ending.code, ending.signal)}` : words;
}

function spentWords({ session = {} }: Ending): string {
  const { costUsd = 0, capUsd = 0, turns = 0 } = session;
  return `about ${formatUsd(costUsd)} spent after ${turns} ${turns === 1 ? 'turn' : 'turns'}, its cap is ${formatUsd(capUsd)} (stopped)`;
}

/** claude's own words, which begin with the cause: the result, else the last complaint. Else the last that stands on stderr or beside the stream. */
function saidOf({ result, trouble, prose }: Session, { stderrTail }: Ending): readonly string[] {
  const isBlank = (text: string): boolean => text.trim() === '';
  const words = result === undefined || isBlank(wordsOf(result)) ? (trouble?.text ?? '') : wordsOf(result);
  if (!isBlank(words)) return lastLines(words, Number.POSITIVE_INFINITY).slice(0, 3);
  return lastLines(isBlank(stderrTail) ? prose : stderrTail, 3);
}

function summaryOf(session: Session): string {
  const { result } = session;
  const words = result === undefined ? '' : wordsOf(result);
  const tools = deniedTools(session);
  if (tools === '') return summarize(words);
  const note = truncate(`[denied: ${tools}]`, SUMMARY_WIDTH / 2);
  return `${truncate(summarize(words), SUMMARY_WIDTH - note.length - 1)} ${note}`.trim();
}

function deniedTools({ result }: Session): string {
  const names = (result === undefined ? [] : denialsOf(result)).map(({ tool_name: name }) => (typeof name === 'string' ? toVisible(name) : 'a tool'));
  return [...new Set(names)].join(', ');
}
