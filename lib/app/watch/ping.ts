import type { Ms } from '../../core/time/instant.ts';
import type { HeartbeatSettings } from '../../core/watch/settings.ts';
import type { Http } from '../../ports.ts';

/** How it went to tell the one who watches this machine from outside. Names as in `--json`. */
export interface PingView {
  /** The address is a password of a kind, so no more of it is shown. */
  readonly host: string | null;
  readonly ok: boolean;
  readonly because: string | null;
}

/** `start` at the beginning of a round; its end says how it went. That nobody can be told is written down, and stops nothing. */
export interface Pinging {
  end(ok: boolean, words: string): Promise<PingView>;
}

const WITHIN_MS: Ms = 10_000;
const MOST_WORDS = 10_000;

/** undefined: nobody is to be told. */
export function beginPing(ping: HeartbeatSettings['ping'], env: Readonly<Record<string, string | undefined>>, http: Http): Pinging | undefined {
  if (ping === undefined) return undefined;
  const address = 'url' in ping ? ping.url : env[ping.env];
  if (address === undefined || !URL.canParse(address)) {
    const because = address === undefined ? `${'env' in ping ? ping.env : ''} is not set` : 'the address is none; it begins with https://';
    return { end: async () => ({ host: null, ok: false, because }) };
  }
  const tell = async (signal: string, words: string): Promise<PingView> => {
    const url = withSignal(address, signal);
    const request = { url: url.href, headers: { 'content-type': 'text/plain; charset=utf-8' }, body: words.slice(0, MOST_WORDS), timeoutMs: WITHIN_MS };
    const answer = await http.post({ ...request, allowHttp: false }, new AbortController().signal);
    const { host } = url;
    if (answer.kind !== 'answer') return { host, ok: false, because: answer.because };
    const isTaken = answer.status >= 200 && answer.status < 300;
    return { host, ok: isTaken, because: isTaken ? null : `${host} answered ${answer.status}` };
  };
  // Nobody waits for it: the round begins at once.
  const begun = tell('/start', '');
  return {
    async end(ok, words) {
      const start = await begun;
      const end = await tell(ok ? '' : '/fail', words);
      return end.ok && !start.ok ? { ...start, because: `start: ${start.because}` } : end;
    },
  };
}

function withSignal(address: string, signal: string): URL {
  const url = new URL(address);
  url.pathname = `${url.pathname.replace(/\/+$/, '')}${signal}`;
  return url;
}
