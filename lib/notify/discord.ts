import type { Sink } from '../core/notice/sink.ts';
import { truncate } from '../core/text/excerpt.ts';
import { jsonMessage, judgeStatus, later, type Placed, type SinkKindOf, withPlace } from './message.ts';

const MAX_CHARACTERS = 2_000;
const SUPPRESS_EMBEDS = 4;

/**
 * A webhook of a channel, or a bot in it. Nobody is mentioned and nothing is embedded, whatever the words say. What a bot
 * sends twice within some minutes is made one message by Discord (`enforce_nonce`); webhooks have no such key.
 */
export const discord: SinkKindOf<Extract<Sink, { kind: 'discord' }>> = {
  message(sink, notice, { secret, id, thread }) {
    const content = { content: truncate(notice.text, MAX_CHARACTERS), allowed_mentions: { parse: [] }, flags: SUPPRESS_EMBEDS };
    if (sink.bot_token_env === undefined) {
      const name = sink.username === undefined ? {} : { username: truncate(sink.username, 80) };
      return jsonMessage(secret(sink.webhook_url_env ?? ''), { ...content, ...name });
    }
    // Where the first one was deleted, it stands by itself.
    const below = thread === undefined ? {} : { message_reference: { message_id: thread.message, fail_if_not_exists: false } };
    const url = `${discordApi(sink)}/channels/${sink.channel}/messages`;
    return jsonMessage(url, { ...content, nonce: id, enforce_nonce: true, ...below }, { authorization: `Bot ${secret(sink.bot_token_env)}` });
  },
  judge(answer) {
    if (answer.status !== 429) return withPlace(judgeStatus(answer), placeOf(answer.text));
    const seconds = /"retry_after"\s*:\s*(\d+(?:\.\d+)?)/.exec(answer.text)?.[1];
    return later(seconds === undefined ? answer.retryAfterMs : Number(seconds) * 1000, 'HTTP 429: too many messages');
  },
};

function discordApi({ api_url }: { readonly api_url?: string }): string {
  return (api_url ?? 'https://discord.com/api/v10').replace(/\/+$/, '');
}

/** Of a webhook nothing is told. */
function placeOf(text: string): Placed | undefined {
  const id = /"id"\s*:\s*"(\d{1,20})"/.exec(text)?.[1];
  const channel = /"channel_id"\s*:\s*"(\d{1,20})"/.exec(text)?.[1];
  return id === undefined || channel === undefined ? undefined : { channel, id };
}
