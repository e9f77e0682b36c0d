import { EventEmitter } from 'node:events';
import { connect } from 'node:net';
import { after } from 'node:test';
import type { WebSurface } from '../../lib/cli/command.ts';
import { serve } from '../../lib/web/server.ts';
import { call, type Told } from './cli.ts';
import { eventually } from './eventually.ts';

export interface WebAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

export interface AskOptions {
  readonly method?: string;
  /** null: none is sent. */
  readonly host?: string | null;
  readonly headers?: readonly string[];
  /** Without the cookie. */
  readonly isStranger?: boolean;
}

export interface WebDesk {
  readonly url: string;
  readonly port: number;
  readonly token: string;
  get(path: string, options?: AskOptions): Promise<WebAnswer>;
  /** What is told of what happens, as it comes. */
  news(): { heard(): string; close(): void };
  end(signal: 'SIGINT' | 'SIGTERM'): Promise<Told>;
}

type Serve = WebSurface['serve'];

const opened: (() => Promise<unknown>)[] = [];
after(() => Promise.all(opened.map((end) => end())));

/** The verb on a root, in this very process. */
export async function openWeb(
  root: string,
  options: { readonly words?: readonly string[]; readonly serveBy?: (served: Serve) => Serve } = {},
): Promise<WebDesk> {
  const signals = new EventEmitter();
  let said = '';
  const { serveBy = (one: Serve): Serve => one } = options;
  const ended = call(['web', '--root', root, ...(options.words ?? [])], {
    signals: signals as unknown as NodeJS.Process,
    loadWeb: async () => ({ serve: serveBy(serve) }),
    onStdout: (text) => {
      said += text;
    },
  });
  await eventually('it tells where it is', () => said.includes('\n'));
  const end = (signal: string): Promise<Told> => {
    signals.emit(signal, signal);
    return ended;
  };
  opened.push(() => end('SIGTERM'));
  const [, url = '', port = '', token = ''] = /(http:\/\/127\.0\.0\.1:(\d+)\/\?token=([0-9a-f]{48}))/.exec(said) ?? [];
  const cookie = `Cookie: other=1; cadence_bus_${port}=${token}`;
  const send = (path: string, { method = 'GET', host = `127.0.0.1:${port}`, headers = [], isStranger = false }: AskOptions = {}): string =>
    [`${method} ${path} HTTP/1.1`, ...(host === null ? [] : [`Host: ${host}`]), ...(isStranger ? [] : [cookie]), 'Connection: close', ...headers, '', ''].join(
      '\r\n',
    );
  return {
    url,
    port: Number(port),
    token,
    get: (path, asked) => exchange(Number(port), send(path, asked)),
    news() {
      let heard = '';
      const socket = connect(Number(port), '127.0.0.1', () => socket.write(send('/news')));
      socket.setEncoding('utf8').on('data', (text) => {
        heard += text;
      });
      socket.on('error', () => undefined);
      return { heard: () => heard, close: () => socket.destroy() };
    },
    end,
  };
}

/** As the bytes come, for no client sends what these tests send. */
export function exchange(port: number, request: string | Buffer): Promise<WebAnswer> {
  return new Promise((resolve, reject) => {
    const parts: Buffer[] = [];
    const socket = connect(port, '127.0.0.1', () => socket.write(request));
    socket.on('data', (part) => parts.push(part));
    socket.on('error', reject);
    socket.on('close', () => {
      const told = Buffer.concat(parts).toString('utf8');
      const at = told.indexOf('\r\n\r\n');
      const [first = '', ...lines] = told.slice(0, at).split('\r\n');
      const headers = lines.map((line) => [line.slice(0, line.indexOf(':')).toLowerCase(), line.slice(line.indexOf(':') + 2)]);
      resolve({ status: Number(first.split(' ')[1]), headers: Object.fromEntries(headers), body: told.slice(at + 4) });
    });
  });
}
