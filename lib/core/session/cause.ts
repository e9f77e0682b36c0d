import type { SessionClass } from './class.ts';
import type { Fields, Trouble } from './stream.ts';

/**
 * From what claude complains of to the class of it. Names come first, then the API's own type and status, then words: names
 * are stable over versions, words are not, and one status (400) stands for many things.
 */
const NAMES: Readonly<Record<string, SessionClass>> = {
  authentication_failed: 'auth',
  oauth_org_not_allowed: 'auth',
  billing_error: 'billing',
  rate_limit: 'rate_limit',
  overloaded: 'overloaded',
  connection_failed: 'network',
  model_not_found: 'model',
  max_output_tokens: 'max_output',
};

const TYPES: Readonly<Record<string, SessionClass>> = {
  authentication_error: 'auth',
  permission_error: 'auth',
  billing_error: 'billing',
  rate_limit_error: 'rate_limit',
  overloaded_error: 'overloaded',
  timeout_error: 'network',
  not_found_error: 'model',
  request_too_large: 'prompt_too_long',
  api_error: 'server',
};

const STATUSES: Readonly<Record<number, SessionClass>> = {
  401: 'auth',
  402: 'billing',
  403: 'auth',
  404: 'model',
  408: 'network',
  413: 'prompt_too_long',
  429: 'rate_limit',
  529: 'overloaded',
};

/** The first that fits; all are claude's own words, never the model's. */
const WORDS: readonly (readonly [RegExp, SessionClass])[] = [
  [/usage limit reached|you've (?:hit|reached) your [\w -]{0,30}limit|(?:hour|daily|weekly|session|opus|sonnet) limit reached|out of extra usage/i, 'quota'],
  [/credit balance is too low|insufficient credits?\b/i, 'billing'],
  [
    /not logged in|\b401 unauthorized\b|not authenticated|please run \/login|invalid (?:api|auth\w*) key|failed to authenticate|oauth token (?:has )?(?:expired|been revoked|revoked)/i,
    'auth',
  ],
  [/\boverloaded\b/i, 'overloaded'],
  [/request rejected \(429\)|\brate limit\b/i, 'rate_limit'],
  [/prompt is too long|input is too long/i, 'prompt_too_long'],
  [/output token maximum/i, 'max_output'],
  [/safeguards flagged|violates? our usage policy|unable to respond to this request, which appears to violate/i, 'refusal'],
  [/issue with the selected model/i, 'model'],
  [/reached max(?:imum number of)? turns/i, 'max_turns'],
  [/(?:reached|exceeded) (?:maximum|usd) budget/i, 'budget'],
  [/provide valid structured output/i, 'schema'],
  [/API Error: 5\d\d\b|internal server error/i, 'server'],
  [
    /unable to connect|connection (?:refused|error|reset|closed|timed out)|request timed out|socket hang up|fetch failed|\b(?:ECONNREFUSED|ECONNRESET|ENOTFOUND|ETIMEDOUT|EAI_AGAIN|EPIPE)\b/i,
    'network',
  ],
];

const SUBTYPES: Readonly<Record<string, SessionClass>> = {
  error_max_turns: 'max_turns',
  error_max_budget_usd: 'budget',
  error_max_structured_output_retries: 'schema',
};

const ENDS: Readonly<Record<string, SessionClass>> = {
  max_turns: 'max_turns',
  budget_exhausted: 'budget',
  structured_output_retry_exhausted: 'schema',
  prompt_too_long: 'prompt_too_long',
};

function look<T>(table: Readonly<Record<string | number, T>>, key: unknown): T | undefined {
  return (typeof key === 'string' || typeof key === 'number') && Object.hasOwn(table, key) ? table[key] : undefined;
}

export function causeOf({ name, type, status, text, isAnswer }: Trouble): SessionClass | undefined {
  const spoken = causeInWords(text);
  const exact = look(NAMES, name) ?? look(TYPES, type) ?? look(STATUSES, status);
  // A usage limit comes as a plain 429, or as a bill, and only its words tell it from one that is over in a minute.
  if (spoken === 'quota' && (exact === undefined || exact === 'rate_limit' || exact === 'billing')) return 'quota';
  if (exact !== undefined) return exact;
  if (status !== undefined && status >= 500) return 'server';
  if (spoken !== undefined) return spoken;
  if (name === 'server_error') return 'server';
  // claude tries again and cannot say why: nobody answered.
  return name === 'unknown' && status === undefined && !isAnswer ? 'network' : undefined;
}

export function causeInWords(text: string): SessionClass | undefined {
  return WORDS.find(([pattern]) => pattern.test(text))?.[1];
}

/** What a result says of its end by name, beside the API's complaint. */
export function causeByEnd(result: Fields): SessionClass | undefined {
  return look(SUBTYPES, result.subtype) ?? (result.stop_reason === 'refusal' ? 'refusal' : undefined) ?? look(ENDS, result.terminal_reason);
}
