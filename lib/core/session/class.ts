/**
 * What a claude session can come to, and whose it is. Scope follows cause: what the far end says of the account is the
 * account's, what this duty did is the cadence's, and what somebody stopped is nobody's.
 */
export type SessionClass =
  | 'ok'
  | 'auth'
  | 'billing'
  | 'quota'
  | 'rate_limit'
  | 'overloaded'
  | 'server'
  | 'network'
  | 'max_turns'
  | 'budget'
  | 'spent'
  | 'schema'
  | 'prompt_too_long'
  | 'refusal'
  | 'denied'
  | 'model'
  | 'max_output'
  | 'config'
  | 'execution'
  | 'no_result'
  | 'timeout'
  | 'hung_start'
  | 'killed';

export interface ClassRule {
  readonly scope: 'account' | 'cadence' | 'nobody';
  /** false: the same tick would fail the same way again, and may cost the same again. */
  readonly retry: boolean;
  readonly words: string;
  /** The account did its part, so a probe of the account has proved it, whatever became of the run. */
  readonly answered?: true;
}

export const SESSION_CLASSES: Readonly<Record<SessionClass, ClassRule>> = {
  ok: { scope: 'nobody', retry: false, words: 'ended well', answered: true },
  auth: { scope: 'account', retry: true, words: 'authentication failed' },
  billing: { scope: 'account', retry: true, words: 'billing: the account has no credit' },
  quota: { scope: 'account', retry: true, words: 'usage limit reached' },
  rate_limit: { scope: 'account', retry: true, words: 'rate limit' },
  overloaded: { scope: 'account', retry: true, words: 'the API is overloaded' },
  server: { scope: 'account', retry: true, words: 'the API failed' },
  network: { scope: 'account', retry: true, words: 'the API cannot be reached' },
  max_turns: { scope: 'cadence', retry: false, words: 'out of turns', answered: true },
  budget: { scope: 'cadence', retry: false, words: 'out of its budget', answered: true },
  spent: { scope: 'nobody', retry: true, words: 'the limit of its day or month is reached', answered: true },
  schema: { scope: 'cadence', retry: false, words: 'no answer that fits its schema', answered: true },
  prompt_too_long: { scope: 'cadence', retry: false, words: 'prompt too long', answered: true },
  refusal: { scope: 'cadence', retry: false, words: 'the model refused', answered: true },
  denied: { scope: 'cadence', retry: false, words: 'every tool it asked for was denied', answered: true },
  model: { scope: 'cadence', retry: false, words: 'no such model' },
  max_output: { scope: 'cadence', retry: false, words: 'answer too long', answered: true },
  config: { scope: 'cadence', retry: false, words: 'claude could not start as it is set up' },
  execution: { scope: 'cadence', retry: true, words: 'failed while it ran' },
  no_result: { scope: 'cadence', retry: true, words: 'no result' },
  timeout: { scope: 'cadence', retry: true, words: 'timed out' },
  hung_start: { scope: 'cadence', retry: true, words: 'hung at its start' },
  killed: { scope: 'nobody', retry: true, words: 'killed' },
};

/** The rule of a class as it stands in a record, which another version may have written. */
export function ruleOf(name: string | undefined): ClassRule | undefined {
  return name !== undefined && Object.hasOwn(SESSION_CLASSES, name) ? SESSION_CLASSES[name as SessionClass] : undefined;
}
