import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** What the model answers, or what the API says in its place. */
export type Reply =
  | { readonly kind: 'text'; readonly text: string; readonly inputTokens?: number }
  | { readonly kind: 'tool'; readonly command: string; readonly inputTokens?: number }
  | { readonly kind: 'refusal'; readonly status: number; readonly type: string; readonly message: string; readonly headers?: Readonly<Record<string, string>> };

export interface Asked {
  readonly messages: readonly { readonly role: string; readonly content: unknown }[];
}

/** The Messages API as far as a session needs it, on this machine only. The last reply is given again and again. */
export async function openApi(): Promise<{ url: string; asked: Asked[]; answer(...replies: readonly Reply[]): void; close(): void }> {
  const asked: Asked[] = [];
  let replies: readonly Reply[] = [];
  const server = createServer((request, response) => {
    void bodyOf(request).then((body) => {
      if (!(request.url ?? '').startsWith('/v1/messages')) return response.writeHead(404).end('{}');
      const sent = JSON.parse(body) as Asked & { stream?: boolean };
      if (!isOfSession(sent)) return say(response, { kind: 'text', text: 'A title' }, sent.stream === true);
      asked.push(sent);
      const [reply, ...later] = replies;
      if (later.length > 0) replies = later;
      return say(response, reply ?? { kind: 'text', text: 'Nothing was prepared.' }, sent.stream === true);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    asked,
    answer(...given) {
      asked.length = 0;
      replies = given;
    },
    close() {
      server.closeAllConnections();
      server.close();
    },
  };
}

/** claude asks small things of its own too, such as a title; those have no tools. */
function isOfSession(sent: object): boolean {
  return 'tools' in sent && Array.isArray(sent.tools) && sent.tools.length > 0;
}

async function bodyOf(request: IncomingMessage): Promise<string> {
  let body = '';
  for await (const chunk of request.setEncoding('utf8')) body += chunk as string;
  return body;
}

let made = 0;

function say(response: ServerResponse, reply: Reply, isStream: boolean): void {
  if (reply.kind === 'refusal') {
    response.writeHead(reply.status, { 'content-type': 'application/json', ...reply.headers });
    response.end(JSON.stringify({ type: 'error', error: { type: reply.type, message: reply.message } }));
    return;
  }
  made += 1;
  const usage = { input_tokens: reply.inputTokens ?? 1200, output_tokens: 25, cache_creation_input_tokens: 0, cache_read_input_tokens: 0 };
  const block =
    reply.kind === 'text' ? { type: 'text', text: reply.text } : { type: 'tool_use', id: `toolu_${made}`, name: 'Bash', input: { command: reply.command } };
  const message = { id: `msg_${made}`, type: 'message', role: 'assistant', model: 'claude-sonnet-4-5', stop_reason: null, stop_sequence: null };
  const stop_reason = reply.kind === 'text' ? 'end_turn' : 'tool_use';
  if (!isStream) {
    response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify({ ...message, content: [block], stop_reason, usage }));
    return;
  }
  response.writeHead(200, { 'content-type': 'text/event-stream' });
  const [empty, delta] =
    reply.kind === 'text'
      ? [
          { type: 'text', text: '' },
          { type: 'text_delta', text: reply.text },
        ]
      : [
          { ...block, input: {} },
          { type: 'input_json_delta', partial_json: JSON.stringify({ command: reply.command }) },
        ];
  const events: readonly { readonly type: string }[] = [
    { type: 'message_start', ...{ message: { ...message, content: [], usage: { ...usage, output_tokens: 1 } } } },
    { type: 'content_block_start', ...{ index: 0, content_block: empty } },
    { type: 'content_block_delta', ...{ index: 0, delta } },
    { type: 'content_block_stop', ...{ index: 0 } },
    { type: 'message_delta', ...{ delta: { stop_reason, stop_sequence: null }, usage: { output_tokens: 25 } } },
    { type: 'message_stop' },
  ];
  for (const event of events) response.write(`event: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`);
  response.end();
}
