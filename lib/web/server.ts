import { watchRoot } from '../app/live.ts';
import { type Closeable, freshSecret, hashSource, isSameSecret, serveHere, type WebReply, type WebRequest } from '../app/local-web.ts';
import { CadenceError } from '../core/error.ts';
import { toIso } from '../core/time/instant.ts';
import { cookieName, type Gate, judge } from './gate.ts';
import { createNews, type News } from './news.ts';
import { errorPage, nowPage, type PageDeps, pageAt } from './pages.ts';
import { document, type Page, SCRIPT, STRANGER, STYLE } from './template.ts';

export interface Served extends Closeable {
  /** With the token: whoever has it may look. */
  readonly url: string;
  readonly port: number;
}

/** So many pages are kept up to date at a time; each of them costs a connection. */
const MOST_LISTENERS = 32;

/** Port 0 is a free one. What is served looks at the bus and changes nothing of it. */
export async function serve(deps: PageDeps, port: number): Promise<Served> {
  const token = freshSecret();
  const news = createNews({ watch: (show) => watchRoot(deps.root, show), render: (shown) => nowPage(deps, shown) });
  let gate: Gate = { port, isToken: (text) => isSameSecret(text, token) };
  const server = await serveHere(port, (request) => answer(request, { ...deps, gate, token, news }));
  gate = { ...gate, port: server.port };
  return {
    url: `http://127.0.0.1:${server.port}/?token=${token}`,
    port: server.port,
    close() {
      news.close();
      server.close();
    },
  };
}

interface AnswerDeps extends PageDeps {
  readonly gate: Gate;
  readonly token: string;
  readonly news: News;
}

async function answer(request: WebRequest, deps: AnswerDeps): Promise<WebReply> {
  const judgement = judge(request, deps.gate);
  switch (judgement.kind) {
    case 'refused':
      return { status: judgement.status, headers: headers(judgement.status === 405 ? { allow: 'GET, HEAD' } : {}), body: STRANGER };
    case 'enters':
      return {
        status: 303,
        headers: headers({ location: '/', 'set-cookie': `${cookieName(deps.gate.port)}=${deps.token}; Path=/; HttpOnly; SameSite=Strict` }),
        body: '',
      };
    case 'open':
      return judgement.path === '/news' ? listens(deps) : page(deps, judgement.path);
  }
}

function listens({ news }: AnswerDeps): WebReply {
  if (news.count() >= MOST_LISTENERS) return { status: 503, headers: headers({}), body: 'too many pages are open' };
  return { status: 200, headers: headers({ 'content-type': 'text/event-stream; charset=utf-8' }), body: news.open };
}

/** Whatever an answer throws is told on the page, and the next one is asked as if nothing had been. */
async function page(deps: AnswerDeps, path: string): Promise<WebReply> {
  const [status, shown] = await pageAt(deps, path).then(
    (found) => [200, found] as const,
    (error: unknown) => [statusOf(error), errorPage(told(error))] as const,
  );
  return { status, headers: headers({}), body: document(shown satisfies Page, { root: deps.root, at: toIso(deps.nowMs()) }) };
}

function statusOf(error: unknown): number {
  return error instanceof CadenceError && (error.code === 'not_found' || error.code === 'usage') ? 404 : 500;
}

function told(error: unknown): Pick<CadenceError, 'message' | 'hint'> {
  if (error instanceof CadenceError) return error;
  const message = error instanceof Error ? error.message : String(error);
  return { message, hint: 'This is a bug of cadence-bus; please report it with these words. The other pages go on.' };
}

let policy: string | undefined;

/** Nothing but our own style, script and news, and no frame around it; kept nowhere, told to nobody. */
function headers(more: Readonly<Record<string, string>>): Readonly<Record<string, string>> {
  policy ??= [
    "default-src 'none'",
    `style-src ${hashSource(STYLE)}`,
    `script-src ${hashSource(SCRIPT)}`,
    "connect-src 'self'",
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
  ].join('; ');
  return {
    'content-type': 'text/html; charset=utf-8',
    'content-security-policy': policy,
    'x-content-type-options': 'nosniff',
    'x-frame-options': 'DENY',
    'cache-control': 'no-store',
    'referrer-policy': 'no-referrer',
    'cross-origin-opener-policy': 'same-origin',
    'cross-origin-resource-policy': 'same-origin',
    ...more,
  };
}
