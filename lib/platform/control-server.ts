import { createServer, type Server, type Socket } from 'node:net';
import { isTickId, parseRunId } from '../core/tick.ts';
import type { ControlReply, ControlRequest } from '../ports.ts';

/**
 * The owner's side of the control channel: one connection carries one request, a line of JSON, and one or more lines of
 * JSON come back. Callers run as the same user; they may still be broken, stopped or too many, and must not cost the
 * owner its life, its memory or its turn.
 */
const MAX_REQUEST_BYTES = 64 * 1024;
const MAX_UNREAD_BYTES = 1024 * 1024;
const MAX_CALLERS = 512;
const ASK_WITHIN_MS = 10_000;
const NEWLINE = 0x0a;

type Handler = (request: ControlRequest, reply: ControlReply) => void;
type Asked = { readonly kind: 'request'; readonly request: ControlRequest } | { readonly kind: 'refused'; readonly because: string };

export interface ControlServer {
  readonly server: Server;
  serve(handler: Handler): void;
  close(): void;
}

export function createControlServer(): ControlServer {
  const callers = new Set<Socket>();
  let handler: Handler | undefined;
  let early: { readonly request: ControlRequest; readonly reply: ControlReply }[] = [];

  function answer(asked: Asked, reply: ControlReply): void {
    if (asked.kind === 'refused') refuse(reply, 'usage', asked.because);
    // The answer is this process's turn itself, so it is given while the owner is still settling in, too.
    else if (asked.request.op === 'ping') finish(reply, { ok: true, pid: process.pid });
    else if (handler === undefined) early.push({ request: asked.request, reply });
    else handle(handler, asked.request, reply);
  }

  const server = createServer((socket) => {
    callers.add(socket);
    socket.once('close', () => callers.delete(socket));
    listenTo(socket, (asked) => answer(asked, replyTo(socket)));
  });
  server.maxConnections = MAX_CALLERS;
  return {
    server,
    serve(given) {
      handler = given;
      const waiting = early;
      early = [];
      for (const { request, reply } of waiting) handle(given, request, reply);
    },
    close() {
      server.close();
      for (const socket of callers) {
        // What was sent is with the kernel; whoever does not read it must not keep this process alive.
        socket.end();
        socket.unref();
      }
    },
  };
}

function handle(handler: Handler, request: ControlRequest, reply: ControlReply): void {
  try {
    handler(request, reply);
  } catch (thrown) {
    refuse(reply, 'bug', thrown instanceof Error ? thrown.message : String(thrown));
  }
}

function finish(reply: ControlReply, answer: Readonly<Record<string, unknown>>): void {
  reply.send(answer);
  reply.end();
}

function refuse(reply: ControlReply, code: 'usage' | 'bug', message: string): void {
  const hint = code === 'usage' ? 'Send one line of JSON, for example {"op":"ping"}.' : 'This is a bug of cadence-bus: please report it.';
  finish(reply, { ok: false, error: { code, message, hint } });
}

/** Collects the first line and no more than that; what follows it is read and dropped, up to the same limit. */
function listenTo(socket: Socket, onAsked: (asked: Asked) => void): void {
  const parts: Buffer[] = [];
  let bytes = 0;
  let isAsked = false;
  const ask = (asked: Asked): void => {
    isAsked = true;
    parts.length = 0;
    socket.setTimeout(0);
    onAsked(asked);
  };
  // A caller who dies mid-sentence; 'close' follows and is all that there is to do.
  socket.on('error', () => socket.destroy());
  socket.setTimeout(ASK_WITHIN_MS, () => socket.destroy());
  socket.on('data', (chunk: Buffer) => {
    const end = isAsked ? -1 : chunk.indexOf(NEWLINE);
    bytes += chunk.length;
    if (isAsked) {
      if (bytes > MAX_REQUEST_BYTES * 2) socket.destroy();
      return;
    }
    if (bytes - chunk.length + (end === -1 ? chunk.length : end) > MAX_REQUEST_BYTES) {
      ask({ kind: 'refused', because: `a request has at most ${MAX_REQUEST_BYTES} bytes` });
      return;
    }
    parts.push(end === -1 ? chunk : chunk.subarray(0, end));
    if (end !== -1) ask(parseRequest(Buffer.concat(parts).toString('utf8')));
  });
}

function replyTo(socket: Socket): ControlReply {
  return {
    get isOpen() {
      return socket.writable;
    },
    send(answer) {
      if (!socket.writable) return;
      const line = `${JSON.stringify(answer)}\n`;
      // Whoever has not read the lines before this one gets no more: they would pile up in our memory.
      if (socket.writableLength > MAX_UNREAD_BYTES) socket.destroy();
      else socket.write(line);
    },
    end() {
      socket.end();
    },
  };
}

export function parseRequest(line: string): Asked {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch (thrown) {
    if (!(thrown instanceof SyntaxError)) throw thrown;
    return { kind: 'refused', because: 'the request is not JSON' };
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return { kind: 'refused', because: 'the request is not an object' };
  const { op, id, by } = value as { readonly op?: unknown; readonly id?: unknown; readonly by?: unknown };
  if (op === 'ping' || op === 'stats' || op === 'wake' || op === 'events' || op === 'yield' || op === 'shutdown') return { kind: 'request', request: { op } };
  if (op !== 'wait') return { kind: 'refused', because: `no such op: ${JSON.stringify(op)?.slice(0, 80) ?? 'none given'}` };
  const waits = typeof by === 'string' && parseRunId(by) !== undefined ? { by } : {};
  if (typeof id === 'string' && (isTickId(id) || parseRunId(id) !== undefined)) return { kind: 'request', request: { op, id, ...waits } };
  return { kind: 'refused', because: 'wait needs an id: that of a run or of a tick' };
}
