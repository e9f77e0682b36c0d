import { truncate } from '../core/excerpt.ts';
import type { Sink } from '../core/sink.ts';
import { jsonMessage, judgeStatus, later, type SinkKindOf } from './message.ts';

const MAX_CHARACTERS = 2_000;
const SUPPRESS_EMBEDS = 4;

/** A webhook of a channel. Nobody is mentioned and nothing is embedded, whatever the words say. */
export const discord: SinkKindOf<Extract<Sink, { kind: 'discord' }>> = {
  message: (sink, notice, secret) =>
    jsonMessage(secret(sink.webhook_url_env), {
      content: truncate(notice.text, MAX_CHARACTERS),
      ...(sink.username === undefined ? {} : { username: truncate(sink.username, 80) }),
      allowed_mentions: { parse: [] },
      flags: SUPPRESS_EMBEDS,
    }),
  judge(answer) {
    if (answer.status !== 429) return judgeStatus(answer);
    const seconds = /"retry_after"\s*:\s*(\d+(?:\.\d+)?)/.exec(answer.text)?.[1];
    return later(seconds === undefined ? answer.retryAfterMs : Number(seconds) * 1000, 'HTTP 429: too many messages');
  },
};
