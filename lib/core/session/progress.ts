import { believedUsd } from '../money/told-cost.ts';
import type { ModelUse } from '../run.ts';
import { truncate } from '../text/excerpt.ts';
import { causeOf } from './cause.ts';
import { estimateUsd, type Spent } from './price.ts';
import { type Fields, fieldsOf, listOf, numberOf, SYNTHETIC, sessionIdOf, textOf } from './stream.ts';

/**
 * How far a session has come, folded over the events of its stream:
 *
 *     starting ──init──▶ working ⇄ using_tool          any ──api_retry──▶ retrying ──the model is heard──▶ working
 *                                                       any ──result──▶ ended ──it goes on by itself──▶ working
 *
 * A message of the model comes in as many events as it has parts, each with the same id and the same count of what went
 * in; what came out is not told until the result, so it is estimated by length. The result's own figures replace all.
 */
export interface Progress {
  readonly phase: 'starting' | 'working' | 'using_tool' | 'retrying' | 'ended';
  readonly id: string | undefined;
  readonly model: string | undefined;
  readonly cwd: string | undefined;
  /** false: it is logged in with a login that claude renews by itself when the API refuses it for the first time. */
  readonly hasFixedKey: boolean;
  readonly turns: number;
  /** How often, by name. */
  readonly tools: Readonly<Record<string, number>>;
  readonly lastWords: string;
  /** The try that failed last; forgotten when the model is heard again. */
  readonly retry: Retry | undefined;
  readonly retries: number;
  readonly limit: Limit | undefined;
  /** Of messages that are over. */
  readonly settled: Readonly<Record<string, ModelUse>>;
  /** The latest messages, which may still get more parts. */
  readonly open: readonly OpenMessage[];
  /** The cost that the last result told. */
  readonly told: { readonly costUsd: number | undefined; readonly settledUsd: number };
}

interface Retry {
  readonly attempt: number;
  readonly most: number | undefined;
  readonly delayMs: number | undefined;
  readonly error: string;
  readonly status: number | undefined;
}

interface Limit {
  readonly type: string;
  readonly status: string;
  /** 0 to 1, and beyond where it is passed. */
  readonly utilization: number | undefined;
}

interface OpenMessage {
  readonly id: string;
  readonly model: string;
  readonly spent: Spent;
  readonly saidChars: number;
}

export const NOT_BEGUN: Progress = {
  ...{ phase: 'starting', id: undefined, model: undefined, cwd: undefined, hasFixedKey: false, turns: 0, tools: {}, lastWords: '', retry: undefined },
  ...{ retries: 0, limit: undefined, settled: {}, open: [], told: { costUsd: undefined, settledUsd: 0 } },
};

const MAX_OPEN = 8;
const MAX_NAMES = 50;
const WORDS_WIDTH = 500;
const CHARS_PER_TOKEN = 4;

export function advance(progress: Progress, event: Fields): Progress {
  const next = { ...progress, id: sessionIdOf(event) ?? progress.id };
  switch (event.type) {
    case 'system':
      return onSystem(next, event);
    case 'assistant':
      return onAssistant(next, event);
    case 'user':
      return next.phase === 'using_tool' ? { ...next, phase: 'working' } : next;
    case 'rate_limit_event':
      return { ...next, limit: limitOf(event) };
    case 'result':
      return onResult(next, event);
  }
  return next;
}

function onSystem(progress: Progress, event: Fields): Progress {
  if (event.subtype === 'init') {
    const { apiKeySource: source } = event;
    const hasFixedKey = typeof source === 'string' && source !== 'none' && source !== 'oauth';
    return { ...progress, phase: 'working', model: nameOf(event.model) ?? progress.model, cwd: textOf(event.cwd) ?? progress.cwd, hasFixedKey };
  }
  if (event.subtype !== 'api_retry') return progress;
  const [attempt, most, delayMs] = [numberOf(event.attempt) ?? 1, numberOf(event.max_retries), numberOf(event.retry_delay_ms)];
  const retry = { attempt, most, delayMs, error: textOf(event.error) ?? 'unknown', status: numberOf(event.error_status) };
  return { ...progress, phase: 'retrying', retry, retries: progress.retries + 1 };
}

function onAssistant(progress: Progress, event: Fields): Progress {
  const message = fieldsOf(event.message) ?? {};
  if (message.model === SYNTHETIC || event.is_api_error_message === true || typeof event.error === 'string') return progress;
  const blocks = listOf(message.content);
  const isMain = typeof event.parent_tool_use_id !== 'string';
  const calls = blocks.filter(({ type }) => type === 'tool_use').map(({ name }) => nameOf(name) ?? 'a tool');
  const words = isMain ? blocks.flatMap((block) => textOf(block.text) ?? []).join('\n') : '';
  const opened = openMessage(progress, message, blocks);
  return {
    ...progress,
    ...opened,
    phase: calls.length > 0 ? 'using_tool' : 'working',
    turns: progress.turns + (isMain && opened.isNew ? 1 : 0),
    tools: calls.reduce(countedIn, progress.tools),
    lastWords: words === '' ? progress.lastWords : truncate(words, WORDS_WIDTH),
    retry: undefined,
  };
}

function countedIn(tools: Progress['tools'], name: string): Progress['tools'] {
  const isRoom = Object.hasOwn(tools, name) || Object.keys(tools).length < MAX_NAMES;
  return isRoom ? { ...tools, [name]: (Object.hasOwn(tools, name) ? (tools[name] as number) : 0) + 1 } : tools;
}

function openMessage(progress: Progress, message: Fields, blocks: readonly Fields[]): Pick<Progress, 'open' | 'settled'> & { readonly isNew: boolean } {
  const id = textOf(message.id) ?? '';
  const before = progress.open.find((one) => one.id === id);
  const saidChars = (before?.saidChars ?? 0) + blocks.reduce((sum, block) => sum + lengthOf(block), 0);
  const one = {
    id,
    model: before?.model ?? nameOf(message.model) ?? progress.model ?? 'unknown',
    spent: largest(before?.spent, spentIn(fieldsOf(message.usage))),
    saidChars,
  };
  const open = [...progress.open.filter((other) => other !== before), one];
  const over = open.slice(0, -MAX_OPEN);
  return { open: open.slice(-MAX_OPEN), settled: over.reduce(addUse, progress.settled), isNew: before === undefined };
}

function lengthOf(block: Fields): number {
  const said = (textOf(block.text) ?? '').length + (textOf(block.thinking) ?? '').length;
  return said + (block.input === undefined ? 0 : JSON.stringify(block.input).length);
}

const NOTHING: Spent = { input: 0, output: 0, cacheRead: 0, cacheWrite: 0, longCacheWrite: 0 };

function spentIn(usage: Fields | undefined): Spent {
  if (usage === undefined) return NOTHING;
  const longCacheWrite = countOf(fieldsOf(usage.cache_creation)?.ephemeral_1h_input_tokens);
  const [cacheRead, cacheWrite] = [countOf(usage.cache_read_input_tokens), countOf(usage.cache_creation_input_tokens)];
  return { input: countOf(usage.input_tokens), output: countOf(usage.output_tokens), cacheRead, cacheWrite, longCacheWrite };
}

function largest(one: Spent = NOTHING, other: Spent): Spent {
  const most = (key: keyof Spent): number => Math.max(one[key], other[key]);
  return { input: most('input'), output: most('output'), cacheRead: most('cacheRead'), cacheWrite: most('cacheWrite'), longCacheWrite: most('longCacheWrite') };
}

const NO_USE: ModelUse = { input: 0, output: 0, cache_read: 0, cache_write: 0, cost_usd: 0 };

function addUse(uses: Progress['settled'], { model, spent, saidChars }: OpenMessage): Progress['settled'] {
  const name = Object.hasOwn(uses, model) || Object.keys(uses).length < MAX_NAMES ? model : 'others';
  const before = Object.hasOwn(uses, name) ? (uses[name] as ModelUse) : NO_USE;
  const output = Math.max(spent.output, Math.ceil(saidChars / CHARS_PER_TOKEN));
  const use = {
    input: before.input + spent.input,
    output: before.output + output,
    cache_read: before.cache_read + spent.cacheRead,
    cache_write: before.cache_write + spent.cacheWrite,
    cost_usd: before.cost_usd + estimateUsd(model, { ...spent, output }),
  };
  return { ...uses, [name]: use };
}

/** The figures of a result are those of all before it too. */
function onResult(progress: Progress, result: Fields): Progress {
  const turns = numberOf(result.num_turns);
  const models = Object.entries(fieldsOf(result.modelUsage) ?? {}).slice(0, MAX_NAMES);
  const told = models.map(([name, use]) => [nameOf(name) ?? 'unknown', useOf(name, fieldsOf(use) ?? {})] as const);
  const all = progress.open.reduce(addUse, progress.settled);
  const settled = told.length === 0 ? all : Object.fromEntries(told);
  const costUsd = believedUsd(result.total_cost_usd) ?? progress.told.costUsd;
  const isCount = turns !== undefined && Number.isSafeInteger(turns) && turns >= 0;
  return { ...progress, phase: 'ended', turns: isCount ? turns : progress.turns, settled, open: [], told: { costUsd, settledUsd: sumOf(settled) } };
}

/** A cost that cannot be one is reckoned from the tokens. */
function useOf(model: string, use: Fields): ModelUse {
  const { inputTokens, outputTokens, cacheReadInputTokens, cacheCreationInputTokens, costUSD: cost = 0 } = use;
  const spent = { ...NOTHING, input: countOf(inputTokens), output: countOf(outputTokens) };
  const [cacheRead, cacheWrite] = [countOf(cacheReadInputTokens), countOf(cacheCreationInputTokens)];
  const cost_usd = believedUsd(cost) ?? estimateUsd(model, { ...spent, cacheRead, cacheWrite });
  return { input: spent.input, output: spent.output, cache_read: cacheRead, cache_write: cacheWrite, cost_usd };
}

/** More tokens than any session has is no count. */
const MOST_TOKENS = 1e12;

function countOf(value: unknown): number {
  const count = numberOf(value) ?? 0;
  return count >= 0 && count <= MOST_TOKENS ? count : 0;
}

function limitOf(event: Fields): Limit {
  const info = fieldsOf(event.rate_limit_info) ?? event;
  return { type: nameOf(info.rateLimitType) ?? 'usage', status: nameOf(info.status) ?? '', utilization: numberOf(info.utilization) };
}

/** A name as it may be shown and be a key. */
function nameOf(value: unknown): string | undefined {
  return typeof value === 'string' && /^[A-Za-z0-9][\w.:@[\]/ -]{0,99}$/.test(value) ? value : undefined;
}

function sumOf(uses: Progress['settled']): number {
  return Object.values(uses).reduce((sum, use) => sum + use.cost_usd, 0);
}

export function tokensSoFar(progress: Progress): Readonly<Record<string, ModelUse>> {
  return progress.open.reduce(addUse, progress.settled);
}

/** What the last result told, and an estimate of what came after it. */
export function costSoFar(progress: Progress): { readonly usd: number; readonly isEstimate: boolean } {
  const { told, open } = progress;
  const usd = sumOf(tokensSoFar(progress));
  if (told.costUsd === undefined) return { usd, isEstimate: true };
  return { usd: told.costUsd + Math.max(0, usd - told.settledUsd), isEstimate: open.length > 0 };
}

/**
 * claude tries again what only a person can mend: a refused key, an account without credit. A login that it can renew is
 * refused once when it has run out, and the second try succeeds; so there the second refusal tells.
 */
export function isInVain({ retry, hasFixedKey }: Progress): boolean {
  if (retry === undefined) return false;
  const cause = causeOf({ name: retry.error, status: retry.status, type: undefined, text: '', isAnswer: false });
  if (cause === 'auth') return hasFixedKey || retry.error === 'oauth_org_not_allowed' || retry.attempt >= 2;
  return cause === 'billing';
}
