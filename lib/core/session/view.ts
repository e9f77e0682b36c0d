import { formatUsd } from '../money/dollars.ts';
import { toVisible, truncate } from '../text/excerpt.ts';
import { formatDuration } from '../time/duration.ts';
import { causeOf } from './cause.ts';
import { SESSION_CLASSES } from './class.ts';
import { advance, costSoFar, type Progress } from './progress.ts';
import { type Fields, fieldsOf, listOf, numberOf, parseEvents, textOf, wordsOf } from './stream.ts';

/**
 * A session's stream for people: what it says, which tools it uses, what is tried again and why, each on one line that
 * begins with what the session has cost so far. What is no event of a session is handed on as it is.
 */
export interface Told {
  readonly progress: Progress;
  readonly lines: readonly string[];
}

export function tell(progress: Progress, line: string): Told {
  const events = parseEvents(line);
  if (events === undefined || !events.every(isOfSession)) return { progress: (events ?? []).reduce(advance, progress), lines: [toVisible(line)] };
  let now = progress;
  const lines: string[] = [];
  for (const event of events) {
    now = advance(now, event);
    for (const words of wordsFor(event, now)) lines.push(`${costColumn(now)}  ${words}`);
  }
  return { progress: now, lines };
}

const KNOWN: readonly unknown[] = ['system', 'assistant', 'user', 'result', 'rate_limit_event', 'stream_event'];

function isOfSession(event: Fields): boolean {
  return KNOWN.includes(event.type) && typeof event.session_id === 'string';
}

const COST_WIDTH = 9;

function costColumn(progress: Progress): string {
  const { usd, isEstimate } = costSoFar(progress);
  return (usd === 0 ? '' : `${isEstimate ? '~' : ''}${formatUsd(usd)}`).padStart(COST_WIDTH);
}

function wordsFor(event: Fields, progress: Progress): readonly string[] {
  switch (event.type) {
    case 'system':
      return systemWords(event, progress);
    case 'assistant':
      return assistantWords(event);
    case 'user':
      return toolFailures(event);
    case 'rate_limit_event':
      return limitWords(progress);
    case 'result':
      return [resultWords(event, progress)];
  }
  return [];
}

function systemWords(event: Fields, progress: Progress): readonly string[] {
  if (event.subtype === 'init') {
    const tools = Array.isArray(event.tools) ? event.tools.length : 0;
    return [`● session ${progress.id ?? 'without an id'} with ${progress.model ?? 'an unknown model'}, ${tools} tools`];
  }
  if (event.subtype === 'permission_denied') return [`⊘ ${inOneLine(event.tool_name, 40)} denied`];
  const { retry } = progress;
  if (event.subtype !== 'api_retry' || retry === undefined) return [];
  const cause = causeOf({ name: retry.error, status: retry.status, type: undefined, text: '', isAnswer: false });
  const words = cause === undefined ? inOneLine(retry.error, 60) : SESSION_CLASSES[cause].words;
  const status = retry.status === undefined ? '' : ` (${retry.status})`;
  const again = retry.delayMs === undefined ? '' : `, again in ${formatDuration(retry.delayMs)}`;
  return [`↻ try ${retry.attempt}${retry.most === undefined ? '' : ` of ${retry.most + 1}`} failed: ${words}${status}${again}`];
}

function assistantWords(event: Fields): readonly string[] {
  const indent = typeof event.parent_tool_use_id === 'string' ? '  ' : '';
  return listOf(fieldsOf(event.message)?.content).flatMap((block) => {
    if (block.type === 'tool_use') return [`${indent}→ ${inOneLine(block.name, 60)}  ${tellingArgument(fieldsOf(block.input) ?? {})}`.trimEnd()];
    const words = inOneLine(block.text, SAID_WIDTH);
    return words === '' ? [] : [`${indent}${words}`];
  });
}

/** What a tool is asked to do, in the words that tell the most. */
const TELLING = ['command', 'file_path', 'notebook_path', 'path', 'pattern', 'url', 'query', 'description', 'skill', 'prompt'] as const;

function tellingArgument(input: Fields): string {
  const named = TELLING.find((name) => textOf(input[name]) !== undefined);
  const value = named === undefined ? Object.values(input).find((one) => typeof one === 'string') : input[named];
  return inOneLine(value, ARGUMENT_WIDTH);
}

function toolFailures(event: Fields): readonly string[] {
  const failed = listOf(fieldsOf(event.message)?.content).filter((block) => block.is_error === true);
  return failed.map(
    ({ content }) =>
      `✗ ${inOneLine(
        typeof content === 'string'
          ? content
          : listOf(content)
              .map((part) => part.text)
              .join(' '),
        ARGUMENT_WIDTH,
      )}`,
  );
}

/** Told from where it begins to matter. */
const NEAR = 0.8;

function limitWords({ limit }: Progress): readonly string[] {
  if (limit === undefined || (limit.status === 'allowed' && (limit.utilization ?? 0) < NEAR)) return [];
  const used = limit.utilization === undefined ? '' : `${Math.round(limit.utilization * 100)} % used, `;
  return [`◔ usage limit ${limit.type}: ${used}${limit.status}`];
}

function resultWords(result: Fields, { turns }: Progress): string {
  const isWell = result.subtype === 'success' && result.is_error === false;
  const why = isWell ? '' : `: ${inOneLine(wordsOf(result), ARGUMENT_WIDTH)}`;
  const took = numberOf(result.duration_ms);
  const head = isWell ? '= ended well' : `= ${inOneLine(result.subtype === 'success' ? 'ended with an error' : result.subtype, 60)}`;
  return `${head} after ${turns} ${turns === 1 ? 'turn' : 'turns'}${took === undefined ? '' : ` in ${formatDuration(took)}`}${why}`;
}

const SAID_WIDTH = 400;
const ARGUMENT_WIDTH = 120;

function inOneLine(value: unknown, width: number): string {
  return typeof value === 'string' ? truncate(toVisible(value).replace(/\s+/g, ' ').trim(), width) : '';
}
