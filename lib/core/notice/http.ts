import type { Ms } from '../time/instant.ts';

/** A request over the network, and what may come of it. */
export interface HttpRequest {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  /** GET: only looks, and its body is not sent. Absent: POST. */
  readonly method?: 'GET';
  readonly timeoutMs: Ms;
  /** Also without encryption to other machines; to this one it is always allowed. */
  readonly allowHttp: boolean;
  /** Also to link-local addresses, where cloud machines are told about themselves and their keys. */
  readonly allowLinkLocal?: boolean;
}

export type HttpAnswer =
  /** `text`: at most 64 KB of it. Redirects are answers, and are not followed. */
  | { readonly kind: 'answer'; readonly status: number; readonly retryAfterMs: Ms | undefined; readonly text: string }
  /** It was not sent: this address is not allowed, or is none. */
  | { readonly kind: 'refused'; readonly because: string }
  /** No answer came. The words name the host at most, for the rest of an address may be a password. */
  | { readonly kind: 'failed'; readonly because: string };
