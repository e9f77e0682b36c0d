import { isLinkLocal, isLoopback } from '../core/notice/address.ts';
import type { HttpAnswer, HttpRequest } from '../core/notice/http.ts';
import type { Http } from '../ports.ts';
import { errnoOf } from './fault.ts';

const MAX_ANSWER_BYTES = 64 * 1024;

/**
 * Posts over HTTPS, or over HTTP to this machine, and never to link-local addresses unless told to. Redirects are not followed: where they lead is decided by whoever
 * answers, and may be a machine that only we can reach. An address may be a password, so it is never part of the words.
 */
export function createHttp(): Http {
  return { post: (request, signal) => post(request, signal) };
}

async function post(request: HttpRequest, signal: AbortSignal): Promise<HttpAnswer> {
  const url = URL.canParse(request.url) ? new URL(request.url) : undefined;
  const objection = objectionTo(url, request.allowHttp);
  if (url === undefined || objection !== undefined) return { kind: 'refused', because: objection ?? NO_ADDRESS };
  const hidden = request.allowLinkLocal === true ? undefined : await leadsTo(url);
  if (hidden !== undefined) return { kind: 'refused', because: hidden };
  const late = AbortSignal.timeout(request.timeoutMs);
  try {
    const response = await fetch(url, {
      method: request.method ?? 'POST',
      headers: { 'user-agent': 'cadence-bus', ...request.headers },
      ...(request.method === 'GET' ? {} : { body: request.body }),
      redirect: 'manual',
      signal: AbortSignal.any([signal, late]),
    });
    const text = await readSome(response);
    return { kind: 'answer', status: response.status, retryAfterMs: retryAfter(response.headers.get('retry-after')), text };
  } catch (error) {
    if (late.aborted) return { kind: 'failed', because: `${url.host} did not answer within ${request.timeoutMs / 1000} seconds` };
    if (signal.aborted) return { kind: 'failed', because: 'it was broken off' };
    return { kind: 'failed', because: `${url.host} cannot be reached: ${causeOf(error)}` };
  }
}

const NO_ADDRESS = 'the address is none; it begins with https://';

function objectionTo(url: URL | undefined, allowHttp: boolean): string | undefined {
  if (url === undefined) return NO_ADDRESS;
  if (url.username !== '' || url.password !== '') return `the address at ${url.host} has a user in it; use headers_env`;
  if (url.protocol === 'https:' || (url.protocol === 'http:' && (allowHttp || isLoopback(url.hostname)))) return undefined;
  return url.protocol === 'http:' ? `${url.host} would be spoken to without encryption; use https` : NO_ADDRESS;
}

/** A name may lead to an address that is not written in it. */
async function leadsTo(url: URL): Promise<string | undefined> {
  const hidden = `${url.host} leads to a link-local address, where machines keep their keys`;
  if (isLinkLocal(url.hostname)) return hidden;
  try {
    const found = await process.getBuiltinModule('node:dns/promises').lookup(url.hostname.replace(/^\[|\]$/g, ''), { all: true });
    return found.some(({ address }) => isLinkLocal(address)) ? hidden : undefined;
  } catch (error) {
    // A name that is not known now is not known when it is asked a moment later; that answer tells it.
    if (errnoOf(error) !== undefined) return undefined;
    throw error;
  }
}

/** The beginning is enough to see what is wrong; of an endless answer no more is taken. */
async function readSome(response: Response): Promise<string> {
  const reader = response.body?.getReader();
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  while (reader !== undefined && bytes < MAX_ANSWER_BYTES) {
    const { done, value } = await reader.read();
    if (done) break;
    chunks.push(value);
    bytes += value.length;
  }
  await reader?.cancel();
  return Buffer.concat(chunks).subarray(0, MAX_ANSWER_BYTES).toString('utf8');
}

/** Seconds, or an instant. */
function retryAfter(header: string | null): number | undefined {
  if (header === null || header.trim() === '') return undefined;
  if (/^\d+(?:\.\d+)?$/.test(header.trim())) return Number(header) * 1000;
  const atMs = Date.parse(header);
  return Number.isNaN(atMs) ? undefined : Math.max(0, atMs - Date.now());
}

/** `fetch` hides what happened one level down; its own words would repeat the address. */
function causeOf(error: unknown): string {
  const cause = (error as { readonly cause?: { readonly code?: unknown; readonly message?: unknown } }).cause;
  if (typeof cause?.code === 'string') return cause.code;
  return error instanceof Error ? error.name : 'unknown';
}
