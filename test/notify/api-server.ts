import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { after } from 'node:test';

export interface Seen {
  readonly method: string;
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  /** As JSON, or as a form. */
  readonly body: Readonly<Record<string, unknown>>;
}

export interface ApiServer {
  readonly url: string;
  readonly seen: Seen[];
  /** How the next requests are answered, one after the other; the last one stays. */
  answer(...ways: readonly Way[]): void;
  close(): Promise<void>;
}

type Way = (response: ServerResponse, seen: Seen) => void;

function bodyOf(text: string, headers: IncomingHttpHeaders): Seen['body'] {
  if (text === '') return {};
  return headers['content-type']?.includes('form') === true ? Object.fromEntries(new URLSearchParams(text)) : JSON.parse(text);
}

export const status =
  (code: number, body: unknown = '', headers: Readonly<Record<string, string>> = {}): Way =>
  (response) => {
    response.writeHead(code, headers);
    response.end(typeof body === 'string' ? body : JSON.stringify(body));
  };

/** Takes the request and never says a word. */
export const silence: Way = () => undefined;

/** A real server that remembers what it was asked. */
export async function apiServer(): Promise<ApiServer> {
  const seen: Seen[] = [];
  let ways: Way[] = [status(204)];
  const server = createServer((request, response) => {
    let text = '';
    request.setEncoding('utf8').on('data', (piece: string) => {
      text += piece;
    });
    request.on('end', () => {
      seen.push({ method: request.method ?? '', path: request.url ?? '', headers: request.headers, body: bodyOf(text, request.headers) });
      const way = ways.length > 1 ? ways.shift() : ways[0];
      way?.(response, seen.at(-1) as Seen);
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const close = async (): Promise<void> => {
    if (!server.listening) return;
    server.closeAllConnections();
    server.close();
    await once(server, 'close');
  };
  after(close);
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    seen,
    answer(...next) {
      ways = [...next];
    },
    close,
  };
}
