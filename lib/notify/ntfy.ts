import type { Notice } from '../core/notice/notice.ts';
import type { Sink } from '../core/notice/sink.ts';
import { toVisible, truncate } from '../core/text/excerpt.ts';
import { jsonMessage, judgeStatus, type SinkKindOf } from './message.ts';

/** A message of more than 4,096 bytes would be made an attachment. */
const MAX_BYTES = 4_000;

/**
 * A topic of ntfy.sh or of a server of one's own, published as JSON: no word of ours is ever part of a header or of an
 * address. `sequence_id` (ntfy 2.16 and later) has a repetition take the place of the first one on every device; older
 * servers pass it over.
 */
export const ntfy: SinkKindOf<Extract<Sink, { kind: 'ntfy' }>> = {
  message(sink, notice, { secret, id }) {
    const content = {
      topic: sink.topic ?? secret(sink.topic_env ?? ''),
      title: truncate(toVisible(titleOf(notice)).replaceAll('\n', ' '), 200),
      message: withinBytes(notice.text, MAX_BYTES),
      priority: priorityOf(notice),
      sequence_id: id,
    };
    const authorization = sink.token_env === undefined ? {} : { authorization: `Bearer ${secret(sink.token_env)}` };
    return jsonMessage((sink.server ?? 'https://ntfy.sh').replace(/\/+$/, ''), content, authorization);
  },
  judge: judgeStatus,
};

export function titleOf(notice: Pick<Notice, 'title' | 'cadence' | 'kind'>): string {
  return notice.title ?? (notice.kind === 'test' ? 'cadence-bus' : `cadence-bus: ${notice.cadence}`);
}

/** 1 is least, 5 rings whatever the hour. */
function priorityOf({ kind, level }: Pick<Notice, 'kind' | 'level'>): number {
  if (level === 'critical' || level === 'urgent') return 5;
  if (level === 'warning') return 4;
  return kind === 'start' || kind === 'success' || kind === 'complete' ? 2 : 3;
}

function withinBytes(text: string, bytes: number): string {
  let short = text;
  while (utf8Bytes(short) > bytes) short = truncate(short, Math.max(1, short.length - Math.ceil((utf8Bytes(short) - bytes) / 3) - 1));
  return short;
}

function utf8Bytes(text: string): number {
  let bytes = 0;
  for (const char of text) bytes += char < '\u0080' ? 1 : char < '\u0800' ? 2 : char < '\u{10000}' ? 3 : 4;
  return bytes;
}
