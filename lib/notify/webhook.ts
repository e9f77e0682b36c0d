import type { Sink } from '../core/notice/sink.ts';
import { jsonMessage, judgeStatus, type SinkKindOf } from './message.ts';

/** Any server that takes JSON. The key is the same for every try, so that it can tell a repetition. */
export const webhook: SinkKindOf<Extract<Sink, { kind: 'webhook' }>> = {
  message(sink, notice, { secret }) {
    const { key, kind, run_id, cadence, status, text, created_at, facts } = notice;
    const headers = Object.entries(sink.headers_env ?? {}).map(([name, variable]) => [name.toLowerCase(), secret(variable)]);
    return {
      ...jsonMessage(
        sink.url ?? secret(sink.url_env ?? ''),
        { key, kind, run_id, cadence, status, text, created_at, ...facts },
        { ...Object.fromEntries(headers), 'idempotency-key': key },
      ),
      allowHttp: sink.allow_http ?? false,
      allowLinkLocal: sink.allow_link_local ?? false,
    };
  },
  judge: judgeStatus,
};
