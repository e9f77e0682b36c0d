import type { Sink } from '../core/notice/sink.ts';
import { truncate } from '../core/text/excerpt.ts';
import { jsonMessage, judgeStatus, later, type Placed, type SinkKindOf, withPlace } from './message.ts';

const MAX_CHARACTERS = 4_096;

/**
 * A bot. Without a parse mode the words are only words; no page is looked at for a preview. The API knows no key for a
 * repetition: what was sent when we died before we could write it down is sent twice.
 */
export const telegram: SinkKindOf<Extract<Sink, { kind: 'telegram' }>> = {
  message: (sink, notice, { secret, thread }) =>
    jsonMessage(`${(sink.api_url ?? 'https://api.telegram.org').replace(/\/+$/, '')}/bot${secret(sink.bot_token_env)}/sendMessage`, {
      chat_id: sink.chat,
      text: truncate(notice.text, MAX_CHARACTERS),
      link_preview_options: { is_disabled: true },
      ...(thread === undefined ? {} : { reply_parameters: { message_id: Number(thread.message), allow_sending_without_reply: true } }),
    }),
  judge(answer) {
    if (answer.status !== 429) return withPlace(judgeStatus(answer), placeOf(answer.text));
    const seconds = /"retry_after"\s*:\s*(\d+)/.exec(answer.text)?.[1];
    return later(seconds === undefined ? answer.retryAfterMs : Number(seconds) * 1000, 'HTTP 429: too many messages');
  },
};

function placeOf(text: string): Placed | undefined {
  const id = /"message_id"\s*:\s*(\d{1,15})/.exec(text)?.[1];
  const channel = /"chat"\s*:\s*\{\s*"id"\s*:\s*(-?\d{1,20})/.exec(text)?.[1];
  return id === undefined || channel === undefined ? undefined : { channel, id };
}
