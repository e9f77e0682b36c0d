import type { Sink } from '../core/notice/sink.ts';
import { truncate } from '../core/text/excerpt.ts';
import { jsonMessage, judgeStatus, later, type Placed, type SinkKindOf, withPlace } from './message.ts';

const MAX_CHARACTERS = 3_000;
/** What chat.postMessage says of the message, not of us. */
const REFUSALS = ['msg_too_long', 'no_text', 'invalid_arguments', 'invalid_blocks', 'invalid_json'];

/** Slack has it already: an earlier try arrived. */
const REPEATED = ['duplicate_client_msg_id', 'duplicate_message'];

/**
 * An incoming webhook, or a token that may write. `<!channel>` and links are written as the words they are. By token each
 * message bears a `client_msg_id`; Slack takes it without promising to drop a repetition, and a webhook takes none.
 */
export const slack: SinkKindOf<Extract<Sink, { kind: 'slack' }>> = {
  message(sink, notice, { secret, id, thread }) {
    const content = { text: escaped(truncate(notice.text, MAX_CHARACTERS)), mrkdwn: false, unfurl_links: false, unfurl_media: false };
    if (sink.token_env === undefined) return jsonMessage(secret(sink.webhook_url_env ?? ''), content);
    const url = `${(sink.api_url ?? 'https://slack.com/api').replace(/\/+$/, '')}/chat.postMessage`;
    return jsonMessage(
      url,
      {
        channel: sink.channel,
        ...content,
        client_msg_id: uuidOf(id),
        ...(thread === undefined ? {} : { thread_ts: thread.message }),
        parse: 'none',
        link_names: false,
      },
      { authorization: `Bearer ${secret(sink.token_env)}` },
    );
  },
  judge(answer) {
    const error = answer.status === 200 && /"ok"\s*:\s*false/.test(answer.text) ? (/"error"\s*:\s*"(\w{1,80})"/.exec(answer.text)?.[1] ?? 'no') : undefined;
    if (error === undefined) return withPlace(judgeStatus(answer), placeOf(answer.text));
    if (REPEATED.includes(error)) return { kind: 'delivered' };
    if (error === 'ratelimited' || error === 'rate_limited') return later(answer.retryAfterMs, 'too many messages');
    return { kind: REFUSALS.includes(error) ? 'dead' : 'failed', because: `Slack says ${error}` };
  },
};

function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}

/** The same id in the form that the API asks for. */
function uuidOf(id: string): string {
  const hex = [...id].map((char) => char.charCodeAt(0).toString(16).padStart(2, '0')).join('');
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-4${hex.slice(12, 15)}-8${hex.slice(15, 18)}-${hex.slice(18, 24).padEnd(12, '0')}`;
}

/** Of a webhook nothing is told but `ok`. */
function placeOf(text: string): Placed | undefined {
  const ts = /"ts"\s*:\s*"(\d{1,20}\.\d{1,10})"/.exec(text)?.[1];
  const channel = /"channel"\s*:\s*"([A-Z0-9]{1,30})"/.exec(text)?.[1];
  return ts === undefined || channel === undefined ? undefined : { channel, id: ts };
}
