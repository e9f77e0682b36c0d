import type { HttpAnswer } from '../core/notice/http.ts';
import type { Notice } from '../core/notice/notice.ts';
import { truncate } from '../core/text/excerpt.ts';
import { wellFormed } from '../core/text/json-text.ts';
import type { Ms } from '../core/time/instant.ts';

/** What one sink makes of a notice, and of the answer to it. */
export interface SinkKindOf<S> {
  message(sink: S, notice: Notice, posting: Posting): Message;
  judge(answer: Answered): Verdict;
}

/** What a sink is told besides the notice. */
export interface Posting {
  /** What a variable is set to; asked for one that is not set, it throws nothing and the notice is not sent. */
  readonly secret: (name: string) => string;
  /** 12 characters of [a-z0-9], the same for every try of this notice: where a sink knows repetitions, it knows them by this. */
  readonly id: string;
  /** Where earlier notices of the same incident stand; undefined: this is the first. */
  readonly thread: { readonly channel: string; readonly message: string } | undefined;
}

/** Where a message stands now, so that what follows can stand below it and be answered. */
export interface Placed {
  readonly channel: string;
  readonly id: string;
}

export interface Message {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  readonly allowHttp?: boolean;
  readonly allowLinkLocal?: boolean;
}

export type Answered = Extract<HttpAnswer, { kind: 'answer' }>;

export type Verdict =
  | { readonly kind: 'delivered'; readonly placed?: Placed }
  /** The sink is busy and says so; it is not ill. */
  | { readonly kind: 'later'; readonly delayMs: Ms; readonly because: string }
  /** The sink is ill, or we are not let in: for every notice the same. */
  | { readonly kind: 'failed'; readonly because: string }
  /** It will never take this notice. */
  | { readonly kind: 'dead'; readonly because: string };

const DEFAULT_LATER_MS: Ms = 30_000;
const MAX_LATER_MS: Ms = 3_600_000;
/** The notice itself is at fault. */
const REFUSALS: readonly number[] = [400, 405, 406, 409, 411, 413, 414, 415, 422];

/** What the statuses of HTTP say, where an API says nothing else. */
export function judgeStatus({ status, retryAfterMs, text }: Answered): Verdict {
  if (status >= 200 && status < 300) return { kind: 'delivered' };
  const because = `HTTP ${status}${words(text)}`;
  if (status === 429) return later(retryAfterMs, because);
  if (status >= 300 && status < 400) return { kind: 'failed', because: `HTTP ${status}: a redirect, which is not followed` };
  return { kind: REFUSALS.includes(status) ? 'dead' : 'failed', because };
}

export function later(retryAfterMs: Ms | undefined, because: string): Verdict {
  return { kind: 'later', delayMs: Math.min(MAX_LATER_MS, Math.max(1_000, retryAfterMs ?? DEFAULT_LATER_MS)), because };
}

function words(text: string): string {
  const line = text.replaceAll(/\s+/g, ' ').trim();
  return line === '' ? '' : `: ${truncate(line, 200)}`;
}

export function jsonMessage(url: string, content: unknown, headers: Readonly<Record<string, string>> = {}): Message {
  return { url, headers: { 'content-type': 'application/json; charset=utf-8', ...headers }, body: wellFormed(JSON.stringify(content)) };
}

export function withPlace(verdict: Verdict, placed: Placed | undefined): Verdict {
  return verdict.kind === 'delivered' && placed !== undefined ? { kind: 'delivered', placed } : verdict;
}
