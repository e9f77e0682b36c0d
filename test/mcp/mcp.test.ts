import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { after, before, describe, it } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { main } from '../../lib/cli/main.ts';
import { createDesk } from '../support/cli.ts';
import { eventually } from '../support/eventually.ts';
import { CLI } from '../support/owner-cli.ts';

interface Answer {
  readonly id: number;
  readonly result?: Readonly<Record<string, unknown>>;
  readonly error?: { readonly code: number; readonly message: string };
}

interface Tool {
  readonly name: string;
  readonly description: string;
  readonly inputSchema: { readonly properties: Readonly<Record<string, unknown>> };
  readonly annotations: { readonly readOnlyHint: boolean; readonly destructiveHint: boolean };
}

/** A client by hand: JSON-RPC, one message a line. */
function createClient(child: ChildProcess) {
  const waiting = new Map<number, (answer: Answer) => void>();
  const strays: string[] = [];
  let last = 0;
  createInterface({ input: child.stdout as NodeJS.ReadableStream }).on('line', (line) => {
    const answer = JSON.parse(line) as Answer;
    const hear = waiting.get(answer.id);
    if (hear === undefined) strays.push(line);
    else hear(answer);
  });
  const send = (message: object): void => void child.stdin?.write(`${JSON.stringify({ jsonrpc: '2.0', ...message })}\n`);
  const ask = (method: string, params: object): Promise<Answer> => {
    last += 1;
    const id = last;
    return new Promise((resolve) => {
      waiting.set(id, resolve);
      send({ id, method, params });
    });
  };
  return {
    send,
    ask,
    strays,
    async call(
      name: string,
      given: object = {},
    ): Promise<{ readonly isError: boolean; readonly said: Readonly<Record<string, unknown>>; readonly text: string }> {
      const { result, error } = await ask('tools/call', { name, arguments: given });
      if (result === undefined) return { isError: true, said: {}, text: error?.message ?? '' };
      const [{ text }] = result.content as [{ text: string }];
      return { isError: result.isError === true, said: text.startsWith('{') && !text.includes('\n') ? JSON.parse(text) : {}, text };
    },
  };
}

describe('D33 mcp serves the verbs over stdio', () => {
  const desk = createDesk();
  let child: ChildProcess;
  let client: ReturnType<typeof createClient>;
  const heard: string[] = [];

  before(async () => {
    desk.shell('greet', 'echo "hello $(cat)"', 'description: Greets', 'inputs: { name: whom }');
    desk.shell('ill', 'echo no route >&2; exit 3', 'retry: { attempts: 1 }', 'destructive: true');
    child = spawn(CLI[0] as string, [...CLI.slice(1), 'mcp', '--root', desk.root], { stdio: 'pipe', env: { ...process.env } });
    child.stderr?.on('data', (piece) => heard.push(String(piece)));
    client = createClient(child);
    const { result } = await client.ask('initialize', { protocolVersion: '2025-06-18', capabilities: {}, clientInfo: { name: 'test', version: '1' } });
    assert.equal((result?.serverInfo as { name: string } | undefined)?.name, 'cadence-bus');
    client.send({ method: 'notifications/initialized' });
  });
  after(() => child.kill('SIGKILL'));

  it('tells what there is, and marks what may destroy', async () => {
    const { result } = await client.ask('tools/list', {});
    const tools = result?.tools as Tool[];
    assert.deepEqual(tools.map(({ name }) => name).sort(), ['cancel', 'describe', 'enqueue', 'list', 'logs', 'run', 'runs', 'status', 'wait', 'why']);
    for (const { name, description, annotations } of tools) {
      assert.ok(description.length > 40, name);
      assert.deepEqual(annotations.destructiveHint, ['run', 'enqueue', 'cancel'].includes(name), name);
      assert.equal(annotations.readOnlyHint, !annotations.destructiveHint, name);
    }
  });

  it('an agent that knows nothing finds a cadence, looks, tries it dry, runs it and reads what came of it', async () => {
    const { said: list } = await client.call('list');
    assert.deepEqual(
      (list.cadences as { name: string; destructive: boolean }[]).map(({ name, destructive }) => [name, destructive]),
      [
        ['greet', false],
        ['ill', true],
      ],
    );
    assert.equal((await client.call('describe', { name: 'greet' })).said.name, 'greet');
    const dry = await client.call('run', { cadence: 'greet', dry_run: true });
    assert.deepEqual([dry.isError, dry.said.dry_run], [false, true]);
    const ran = await client.call('run', { cadence: 'greet', payload: { name: '$(id) --json' }, wait_seconds: 20 });
    assert.deepEqual([ran.isError, ran.said.status, ran.said.summary], [false, 'succeeded', 'hello {"name":"$(id) --json"}']);
    assert.match((await client.call('logs', { id: ran.said.run_id })).text, /hello/);
    const failed = await client.call('run', { cadence: 'ill', wait_seconds: 20 });
    assert.deepEqual([failed.isError, failed.said.ok, failed.said.status], [false, false, 'dead']);
    assert.match(String(failed.said.reason), /exit 3: no route/);
    assert.equal(((await client.call('runs', { cadence: 'ill', limit: 5 })).said.runs as unknown[]).length, 1);
    assert.equal((await client.call('wait', { id: failed.said.tick })).said.status, 'dead');
    assert.equal((await client.call('why', { cadence: 'ill' })).said.cadence, 'ill');
    const status = await client.call('status');
    assert.deepEqual((status.said.summary as { cadences: number }).cadences, 2);
  });

  it('a tick for later is enqueued, and cancelled', async () => {
    const { said } = await client.call('enqueue', { cadence: 'greet', in: '1h', payload: 'x' });
    assert.equal(said.status, 'queued');
    assert.equal((await client.call('cancel', { id: said.tick, dry_run: true })).said.dry_run, true);
    assert.equal((await client.call('cancel', { id: said.tick })).isError, false);
    assert.equal((await client.call('describe', { name: said.tick })).said.status, 'cancelled');
  });

  it('what is wrong is an error that says so, and nothing is taken for an option', async () => {
    const unknown = await client.call('run', { cadence: 'gret' });
    assert.equal(unknown.isError, true);
    assert.match(unknown.text, /Did you mean greet\?/);
    for (const [name, given] of [
      ['run', { cadence: '--help' }],
      ['run', {}],
      ['run', { cadence: 'greet', shell: true }],
      ['logs', { id: '../../etc/passwd' }],
      ['wait', { id: 'x7k2p9qd4mzt', timeout_seconds: 1_000_000 }],
      ['nobody', {}],
    ] as const)
      assert.equal((await client.call(name, given)).isError, true, `${name} ${JSON.stringify(given)}`);
    assert.deepEqual(client.strays, [], 'stdout belongs to the protocol');
  });

  it('what a run has said is told without its secrets, and of too much its end, in whole lines and whole characters', async () => {
    desk.shell(
      'loud',
      'i=0; while [ $i -lt 900 ]; do printf "%0400d 😀\\n" $i; i=$((i + 1)); done; echo "token=hunter2hunter2"; echo "the end" >&2; exit 3',
      'retry: { attempts: 1 }',
    );
    const ran = await client.call('run', { cadence: 'loud', wait_seconds: 60 });
    const { result } = await client.ask('tools/call', { name: 'logs', arguments: { id: ran.said.run_id, tail: 1000 } });
    const [said, note] = (result?.content ?? []) as { text: string }[];
    const { text } = said ?? { text: '' };
    const lines = text.split('\n').map((line) => JSON.parse(line) as { stream: string; text: string });
    assert.deepEqual(lines.at(-1), { stream: 'stderr', text: 'the end\n' });
    assert.match(lines.map((line) => line.text).join(''), /token=\[redacted\]/);
    assert.ok(!text.includes('hunter2'));
    assert.match(note?.text ?? '', /^The answer was cut: it has 3\d{5} characters, and the last 1\d{5} stand above\. Ask for less/);
  });

  it('a message that cannot be read is told of on stderr, and the next one is answered', async () => {
    child.stdin?.write('{"jsonrpc": "2.0", "id": 7\n{"jsonrpc": "2.0", "id": [], "method": 7}\n');
    assert.equal((await client.call('status')).isError, false);
    await eventually('it was told', () => /^mcp: /m.test(heard.join('')));
  });

  it('ends when the other end has gone, and not before a run ends whose owner it has become', async () => {
    const [begun, go] = [join(desk.root, 'begun'), join(desk.root, 'go')];
    desk.shell('slow', `: >${begun}; n=0; until [ -e ${go} ] || [ $n = 500 ]; do sleep 0.02; n=$((n + 1)); done; echo done`);
    void client.call('run', { cadence: 'slow', wait_seconds: 60 });
    // Nobody waits for whoever only waits.
    const { said } = await client.call('enqueue', { cadence: 'greet', in: '1h' });
    void client.call('wait', { id: said.tick, timeout_seconds: 3600 });
    await eventually('the run has begun', () => existsSync(begun));
    const exited = once(child, 'exit');
    child.stdin?.end();
    // So long it would take to leave; more does not make it end.
    await Promise.race([exited, pause(500)]);
    writeFileSync(go, '');
    assert.deepEqual(await exited, [0, null]);
    assert.deepEqual([desk.records().at(-1)?.status, ((await desk.ask('status')).said.owner as { state: string }).state], ['succeeded', 'stopped']);
  });

  for (const [missed, code] of [
    ['package', 'ERR_MODULE_NOT_FOUND'],
    ['module', 'MODULE_NOT_FOUND'],
  ])
    it(`without its optional package it says what to install: ${code}`, async () => {
      const [stdout, stderr]: [string[], string[]] = [[], []];
      const missing = Object.assign(new Error(`Cannot find ${missed} '@modelcontextprotocol/server'`), { code });
      const ended = await main(['mcp', '--root', desk.root], {
        cwd: '/',
        env: {},
        isTerminal: false,
        loadMcp: () => Promise.reject(missing),
        stdout: (text) => void stdout.push(text),
        stderr: (text) => void stderr.push(text),
      });
      assert.deepEqual([ended, stdout], [66, []]);
      assert.match(stderr.join(''), /@modelcontextprotocol\/server, which is not installed[\s\S]*npm install @modelcontextprotocol\/server@2\.4\.0/);
    });
});
