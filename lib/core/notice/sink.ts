/**
 * Where notices go. As it is written in a file and kept in a notice, so snake_case. Whatever is secret is named by the
 * variable that holds it, never given; and what is started is looked up in the definitions when it is started, so that
 * nobody who can write a notice can have a program run.
 */
export type Sink =
  /** The log of the bus itself. */
  | { readonly kind: 'log' }
  /** The desk that the bus runs on. */
  | { readonly kind: 'macos'; readonly buttons?: boolean }
  | {
      readonly kind: 'discord';
      readonly webhook_url_env?: string;
      readonly username?: string;
      /** A bot may be answered, and Discord itself drops what it sends twice. */
      readonly bot_token_env?: string;
      readonly channel?: string;
      readonly api_url?: string;
    }
  | { readonly kind: 'telegram'; readonly chat: string; readonly bot_token_env: string; readonly api_url?: string }
  | { readonly kind: 'slack'; readonly webhook_url_env?: string; readonly token_env?: string; readonly channel?: string; readonly api_url?: string }
  | {
      readonly kind: 'webhook';
      readonly url?: string;
      readonly url_env?: string;
      /** Header name: the variable with its value. */
      readonly headers_env?: Readonly<Record<string, string>>;
      /** Plain http to other machines, which anybody on the way may read. */
      readonly allow_http?: boolean;
      /** Addresses where machines are told about themselves and their keys. */
      readonly allow_link_local?: boolean;
    }
  | { readonly kind: 'ntfy'; readonly topic?: string; readonly topic_env?: string; readonly server?: string; readonly token_env?: string }
  | { readonly kind: 'shell'; readonly name: string }
  | { readonly kind: 'email'; readonly to: readonly string[]; readonly from?: string };

export const SINK_KINDS = ['log', 'macos', 'discord', 'telegram', 'slack', 'webhook', 'ntfy', 'shell', 'email'] as const;
export type SinkKind = (typeof SINK_KINDS)[number];

/** The usual name of a variable needs no mention in the sink's own name. */
const USUAL: readonly string[] = ['DISCORD_WEBHOOK_URL', 'DISCORD_BOT_TOKEN', 'TELEGRAM_BOT_TOKEN', 'SLACK_WEBHOOK_URL', 'SLACK_BOT_TOKEN', 'NTFY_TOPIC'];

/** Each address has a queue, a backoff and a breaker of its own: a dead one delays no other. */
export function sinkId(sink: Sink): string {
  const address = addressOf(sink);
  const word = USUAL.includes(address) ? '' : slug(address);
  return word === '' ? sink.kind : `${sink.kind}-${word}`;
}

function addressOf(sink: Sink): string {
  switch (sink.kind) {
    case 'log':
    case 'macos':
      return '';
    case 'discord':
      return sink.bot_token_env ?? sink.webhook_url_env ?? '';
    case 'telegram':
      return sink.bot_token_env;
    case 'slack':
      return sink.token_env ?? sink.webhook_url_env ?? '';
    case 'webhook':
      return sink.url_env ?? /^[a-z]+:\/\/(?:[^/@]*@)?([^/?#]*)/i.exec(sink.url ?? '')?.[1] ?? '';
    case 'ntfy':
      return sink.topic_env ?? sink.topic ?? '';
    case 'shell':
      return sink.name;
    case 'email':
      return sink.to[0] ?? '';
  }
}

export function slug(text: string): string {
  return text
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^-+|-+$/g, '');
}

/** The variables that a sink needs. */
export function secretNames(sink: Sink): readonly string[] {
  switch (sink.kind) {
    case 'log':
    case 'macos':
    case 'shell':
    case 'email':
      return [];
    case 'discord':
      return [sink.bot_token_env ?? sink.webhook_url_env].filter((name) => name !== undefined);
    case 'telegram':
      return [sink.bot_token_env];
    case 'slack':
      return [sink.token_env ?? sink.webhook_url_env].filter((name) => name !== undefined);
    case 'webhook':
      return [...(sink.url_env === undefined ? [] : [sink.url_env]), ...Object.values(sink.headers_env ?? {})];
    case 'ntfy':
      return [sink.topic_env, sink.token_env].filter((name) => name !== undefined);
  }
}
