import { shortMark } from '../text/mark.ts';

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

/**
 * Each address has a queue, a backoff and a breaker of its own: a dead one delays no other, and what is summed up for one
 * is told to no other. Two channels of one bot are two addresses, and so are two pages of one server.
 */
export function sinkId(sink: Sink): string {
  const words = addressOf(sink)
    .filter((word) => word !== undefined && !USUAL.includes(word))
    .map((word) => slug(word ?? ''));
  return fittingSink([sink.kind, ...words.filter((word) => word !== '')].join('-'));
}

/** It is part of the name of a file. */
const MOST_LETTERS = 60;

function fittingSink(id: string): string {
  return id.length <= MOST_LETTERS ? id : `${id.slice(0, MOST_LETTERS - 8)}-${shortMark(id)}`;
}

function addressOf(sink: Sink): readonly (string | undefined)[] {
  switch (sink.kind) {
    case 'log':
    case 'macos':
      return [];
    case 'discord':
      return sink.bot_token_env === undefined ? [sink.webhook_url_env, hostOf(sink.api_url)] : [sink.bot_token_env, sink.channel, hostOf(sink.api_url)];
    case 'telegram':
      return [sink.bot_token_env, sink.chat, hostOf(sink.api_url)];
    case 'slack':
      return sink.token_env === undefined ? [sink.webhook_url_env] : [sink.token_env, sink.channel, hostOf(sink.api_url)];
    case 'webhook':
      return sink.url_env === undefined ? [hostOf(sink.url), pageMark(sink.url)] : [sink.url_env];
    case 'ntfy':
      return [sink.topic_env ?? sink.topic, hostOf(sink.server)];
    case 'shell':
      return [sink.name];
    case 'email':
      return sink.to;
  }
}

const SERVER = /^[a-z]+:\/\/(?:[^/@]*@)?([^/?#]*)/i;

function hostOf(url: string | undefined): string | undefined {
  return SERVER.exec(url ?? '')?.[1];
}

/** What follows the host may be a secret: it is marked, and not told. */
function pageMark(url = ''): string | undefined {
  const page = url.replace(SERVER, '').replace(/^\/$/, '');
  return page === '' ? undefined : shortMark(page);
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
