import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { Writable } from 'node:stream';
import { CadenceError } from '../core/error.ts';
import type { Closeable } from '../ports.ts';
import { errnoOf } from './fault.ts';

export interface WebRequest {
  readonly method: string;
  /** As it was sent: nothing in it is decoded. */
  readonly target: string;
  /** The names of headers are in lower case. */
  readonly headers: Readonly<Record<string, string | undefined>>;
}

export interface WebReply {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  /** A text; or what tells something again and again, until whoever listens has gone. */
  readonly body: string | ((push: Push) => Closeable);
}

/** Tells the newest. Whoever reads slower than it is told misses what is old by then, and nothing is kept for him but one text. */
export type Push = (text: string) => void;

export interface WebServer extends Closeable {
  readonly port: number;
}

/** Of one person at this machine a dozen is much; what is over is hung up on. */
const MOST_CONNECTIONS = 64;
const HEADER_BYTES = 16 * 1024;
const HEADERS_WITHIN_MS = 10_000;

/** Listens on this machine alone. `reply` never rejects. Port 0 is a free one. */
export async function serveHere(port: number, reply: (request: WebRequest) => Promise<WebReply>): Promise<WebServer> {
  const server = createServer({ maxHeaderSize: HEADER_BYTES, headersTimeout: HEADERS_WITHIN_MS, requestTimeout: HEADERS_WITHIN_MS }, (request, response) => {
    void reply(asked(request)).then((answer) => send(response, request.method === 'HEAD', answer));
  });
  server.maxConnections = MOST_CONNECTIONS;
  await listening(server, port);
  const place = server.address();
  return {
    port: typeof place === 'object' && place !== null ? place.port : port,
    close() {
      server.close();
      server.closeAllConnections();
    },
  };
}

function asked({ method = '', url = '', headers }: IncomingMessage): WebRequest {
  const one = (value: string | readonly string[] | undefined): string | undefined => (typeof value === 'string' ? value : value?.join(', '));
  return { method, target: url, headers: Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, one(value)])) };
}

function send(response: ServerResponse, isHead: boolean, { status, headers, body }: WebReply): void {
  if (response.destroyed) return;
  if (typeof body === 'string') {
    response.writeHead(status, { ...headers, 'content-length': String(Buffer.byteLength(body)) });
    response.end(isHead ? undefined : body);
    return;
  }
  response.writeHead(status, headers);
  if (isHead) {
    response.end();
    return;
  }
  response.flushHeaders();
  const open = body(newestTo(response));
  response.once('close', () => open.close());
}

/** While the one before has not been taken, only the newest waits. */
export function newestTo(response: Pick<Writable, 'write' | 'on' | 'destroyed'>): Push {
  let waiting: string | undefined;
  let isFull = false;
  const push = (text: string): void => {
    if (response.destroyed) return;
    if (isFull) waiting = text;
    else isFull = !response.write(text);
  };
  response.on('drain', () => {
    isFull = false;
    const next = waiting;
    waiting = undefined;
    if (next !== undefined) push(next);
  });
  return push;
}

function listening(server: Server, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', (thrown) => reject(refused(thrown, port)));
    server.listen({ port, host: '127.0.0.1', exclusive: true }, resolve);
  });
}

function refused(thrown: Error, port: number): Error {
  switch (errnoOf(thrown)) {
    case 'EADDRINUSE':
      return new CadenceError('held', `port ${port} of this machine is taken`, 'Leave --port away: a free one is found. Or name another.');
    case 'EACCES':
      return new CadenceError(
        'permission',
        `port ${port} is not for this user to listen on`,
        'Leave --port away: a free one is found. Or name one from 1024 on.',
      );
    default:
      return thrown;
  }
}
