import assert from 'node:assert/strict';
import { once } from 'node:events';
import { existsSync, readdirSync, readFileSync, utimesSync, writeFileSync } from 'node:fs';
import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { after, describe, it } from 'node:test';
import type { SlotPlan } from '../../lib/core/slot/line.ts';
import { answerSchema } from '../../lib/wire/answers/answers.ts';
import { apiServer, status } from '../notify/api-server.ts';
import { type Answer, createDesk, type Desk, errorOf } from '../support/cli.ts';
import { eventually } from '../support/eventually.ts';

const HOUR = 3_600_000;

/** A desk with a cadence that has never run, though it should have for hours. */
function neglectedDesk(...settings: readonly string[]): Desk {
  const desk = createDesk();
  desk.shell('job', 'echo done', 'schedule: every 1h', 'timezone: UTC');
  const old = new Date(Date.now() - 5 * HOUR);
  utimesSync(`${desk.root}/cadences/job.yaml`, old, old);
  if (settings.length > 0) desk.put('cadences/bus.yaml', `${settings.join('\n')}\n`);
  return desk;
}

/** As an owner leaves it that saw the schedule then, and died. */
function leaveLedger(desk: Desk, plan: SlotPlan, ts: string): void {
  const lines = [
    { ts, kind: 'started', because: '' },
    { ts, kind: 'plan', cadence: 'job', from: ts, plan, was: null, because: 'the owner has seen its schedule for the first time' },
  ];
  desk.put(`state/cadence-bus/slots/${ts.slice(0, 10)}.jsonl`, `${lines.map((line) => JSON.stringify(line)).join('\n')}\n`);
}

async function round(desk: Desk): Promise<Answer> {
  const answer = await desk.ask('heartbeat', '--wake-delay', '0s');
  const { success, error } = answerSchema('heartbeat').safeParse(answer.said);
  assert.ok(success, `${JSON.stringify(answer.said)} ${error?.message}`);
  return answer;
}

const memory = (desk: Desk): Record<string, unknown> => JSON.parse(readFileSync(desk.paths.heartbeat, 'utf8'));
const logged = (desk: Desk): readonly string[] =>
  readdirSync(desk.paths.logs)
    .filter((file) => file.startsWith('bus-'))
    .flatMap((file) => readFileSync(`${desk.paths.logs}/${file}`, 'utf8').split('\n'))
    .filter((line) => line.includes('"heartbeat"'));

/** A real server that remembers what it was asked. */
async function pingServer(answer: RequestListener = (_, response) => void response.end('OK')): Promise<{ readonly url: string; readonly seen: string[] }> {
  const seen: string[] = [];
  const server = createServer((request, response) => {
    let body = '';
    request.setEncoding('utf8').on('data', (piece: string) => {
      body += piece;
    });
    request.on('end', () => {
      seen.push(`${request.method} ${request.url} ${body}`.trimEnd());
      answer(request, response);
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  after(() => {
    server.closeAllConnections();
    server.close();
  });
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/ping/0815`, seen };
}

describe('P21 P39 heartbeat', () => {
  it('has exit 1 and the reason where a run is missing, tells the log of it once, and exit 0 once it ran', async () => {
    const desk = neglectedDesk();
    const { code, said } = await round(desk);
    const [missing] = said.missing as { cadence: string; level: string; last_run: unknown }[];
    assert.deepEqual([code, said.ok, missing?.cadence, missing?.level, missing?.last_run], [1, false, 'job', 'warning', null]);
    assert.deepEqual([said.told, logged(desk).length], [['cadence:job'], 1]);
    const again = await round(desk);
    assert.deepEqual([again.code, again.said.told, logged(desk).length], [1, [], 1], 'P23 not every hour anew');
    assert.equal((await desk.ask('run', 'job')).code, 0);
    const well = await round(desk);
    assert.deepEqual([well.code, well.said.missing, well.said.recovered, memory(desk).ok], [0, [], ['cadence:job'], true]);
    assert.match(logged(desk)[1] ?? '', /well again: cadence:job/);
    assert.deepEqual((await round(desk)).said.recovered, []);
  });

  it('P22 leaves an incident for what is missing, which the next owner puts on file, once, and a run ends', async () => {
    const desk = neglectedDesk();
    for (let n = 0; n < 3; n += 1) assert.equal((await round(desk)).code, 1);
    const incidents = async (): Promise<{ detector: string; state: string; occurrences: number; cadence: string }[]> =>
      (await desk.ask('incidents', 'ls', '--state', 'all')).said.incidents as { detector: string; state: string; occurrences: number; cadence: string }[];
    assert.deepEqual([await incidents(), readdirSync(desk.paths.inbox).length], [[], 1], 'an owner alone writes incidents');
    await desk.own();
    const [found] = await eventually('it is on file', async () => {
      const all = await incidents();
      return all.length > 0 ? all : undefined;
    });
    assert.deepEqual([found?.cadence, found?.detector, found?.state, found?.occurrences], ['job', 'missed', 'open', 1]);
    assert.equal((await desk.ask('run', 'job')).code, 0);
    await eventually('a run has proved it', async () => ((await incidents())[0]?.state === 'resolved' ? true : undefined));
    assert.equal((await incidents()).length, 1);
  });

  it('says so to people in words, with what to do next', async () => {
    const { code, stdout, stderr } = await neglectedDesk().tell('heartbeat', '--wake-delay', '0s');
    assert.equal(code, 1);
    assert.match(stdout, /^! warning: job is missing: it has never run, and 1h 30m is the most .*\n1 thing is wrong\.\n$/);
    assert.match(stderr, /Next: cadence-bus start {2}· {2}cadence-bus run-now job/);
  });

  it('finds an owner that gets on, and has it write into the journal what is to be told', async () => {
    const desk = createDesk();
    const halfADayAgo = new Date(Date.now() - 12 * HOUR).toISOString();
    const line = `daily ${halfADayAgo.slice(11, 16)}`;
    desk.shell('job', 'true', `schedule: ${line}`, 'timezone: UTC', 'catchup: skip');
    const since = new Date(Date.now() - 5 * 24 * HOUR);
    utimesSync(`${desk.root}/cadences/job.yaml`, since, since);
    leaveLedger(desk, { lines: [line], zone: 'UTC', catchup: 'skip', window_ms: null, stagger_ms: 0, jitter_ms: 0, scheduler: 'builtin' }, since.toISOString());
    await desk.own();
    const { said } = await round(desk);
    assert.deepEqual((said.owner as { state: string }).state, 'running');
    assert.deepEqual(said.told, ['cadence:job']);
    const event = await eventually('the owner has written it down', () => desk.events('heartbeat')[0]);
    assert.match(String(event.because), /warning: job is missing: it has never run/);
    assert.equal(event.level, 'warn');
  });

  it('finds an owner that died, and one that is stopped and does not answer', async () => {
    const desk = createDesk();
    const owner = await desk.start();
    process.kill(owner.pid, 'SIGSTOP');
    const silent = await round(desk);
    assert.deepEqual([silent.code, (silent.said.owner as { state: string }).state], [1, 'silent']);
    process.kill(owner.pid, 'SIGCONT');
    process.kill(owner.pid, 'SIGKILL');
    await owner.ended;
    const { code, said } = await round(desk);
    assert.equal(code, 1);
    assert.match(String((said.worries as { because: string }[])[0]?.because), /no owner is running: the last one, process \d+, died/);
  });

  it('finds an owner that died though others have owned the root for a moment since, one of which was killed', async () => {
    const desk = createDesk();
    desk.shell('job', 'true');
    desk.shell('long', 'sleep 60');
    const owner = await desk.start();
    process.kill(owner.pid, 'SIGKILL');
    await owner.ended;
    const word = async (): Promise<unknown> => ((await round(desk)).said.worries as { because: string }[])[0]?.because;
    const died = `no owner is running: the last one, process ${owner.pid}, died`;
    for (const words of [
      ['run', 'job'],
      ['pause', 'job'],
      ['resume', 'job'],
    ]) {
      assert.equal((await desk.tell(...words)).code, 0, words[0]);
      assert.equal(await word(), died, words[0]);
    }
    const run = desk.spawn(['run', 'long']);
    await eventually('it runs', () => desk.events('subsession_spawn').find(({ cadence }) => cadence === 'long'));
    process.kill(run.pid, 'SIGKILL');
    await run.ended;
    assert.equal(await word(), `no owner is running: the last one, process ${run.pid}, died`);
    await desk.tell('resume');
    assert.equal(await word(), died);
    assert.match((await desk.tell('status')).stdout, new RegExp(`no owner {2}the last one \\(process ${owner.pid}, since .*\\) died`));
    const next = await desk.start();
    process.kill(next.pid, 'SIGTERM');
    await next.ended;
    assert.equal((await desk.tell('run', 'job')).code, 0);
    assert.match((await desk.tell('status')).stdout, /no owner {2}the last one stopped: ended by SIGTERM/);
  });

  it('finds a tick that nothing holds and nobody runs, though the owner answers', async () => {
    const desk = createDesk();
    desk.shell('job', 'true');
    const owner = await desk.own();
    // It never learns of it: a name that the owner takes for what it is, put where it has looked already.
    owner.parts.consumer.close();
    desk.put(
      `state/cadence-bus/waiting/20200101T000000000Z.job.aaaaaaaaaaaa.0.json`,
      '{"cadence":"job","source":"test","enqueued_at":"2020-01-01T00:00:00.000Z"}\n',
    );
    const { code, said } = await round(desk);
    assert.equal(code, 1);
    assert.match(String((said.owner as { stuck: string }).stuck), /a tick of job is due for .*, nothing holds it, and nothing runs/);
    assert.deepEqual(
      (said.repaired as { repair: string; done: boolean }[]).map(({ repair, done }) => `${repair} ${done}`),
      ['wake_owner true'],
    );
  });

  it('changes nothing in a dry run, not even what it knows', async () => {
    const desk = neglectedDesk();
    const before = desk.tree();
    const { code, said } = await desk.ask('heartbeat', '--dry-run');
    assert.deepEqual([code, said.dry_run, said.repairs], [2, true, []]);
    assert.equal((said.worries as unknown[]).length, 1);
    assert.deepEqual(desk.tree(), before);
  });

  it('two at once are one and a refusal; a memory that is broken is set aside, and said so', async () => {
    const held: (() => void)[] = [];
    const { url, seen } = await pingServer((_, response) => void held.push(() => response.end()));
    const desk = neglectedDesk(`heartbeat: { ping_url: "${url}" }`);
    const first = round(desk);
    await eventually('the first one is on its round', () => seen.length === 1);
    const second = await round(desk);
    assert.deepEqual([second.code, errorOf(second).error], [75, 'held']);
    assert.match(errorOf(second).message, /another heartbeat of .* is on its round/);
    held[0]?.();
    await eventually('it tells how it ended', () => held.length === 2);
    held[1]?.();
    assert.equal((await first).code, 1);
    desk.put('cadences/bus.yaml', 'lanes: {}\n');
    writeFileSync(desk.paths.heartbeat, '{"format":1,');
    const { code, said } = await round(desk);
    assert.equal(code, 1);
    assert.match(String((said.faults as string[])[0]), /was broken and lies in .*heartbeat\.json\.broken-/);
    assert.equal(memory(desk).format, 1);
  });
});

describe('the ping of a round', () => {
  it('says start and how it ended to the address of bus.yaml', async () => {
    const { url, seen } = await pingServer();
    const desk = neglectedDesk(`heartbeat: { ping_url: "${url}/?rid=7" }`);
    const bad = await round(desk);
    assert.deepEqual(bad.said.ping, { host: new URL(url).host, ok: true, because: null });
    assert.deepEqual(seen.slice(0, 1), ['POST /ping/0815/start?rid=7']);
    assert.match(seen[1] ?? '', /^POST \/ping\/0815\/fail\?rid=7 job is missing: it has never run/);
    await desk.ask('run', 'job');
    await round(desk);
    assert.deepEqual(seen.slice(2), ['POST /ping/0815/start?rid=7', 'POST /ping/0815?rid=7 all is well']);
  });

  it('that fails is written down, and neither ends the round nor changes its exit code', async () => {
    const { url } = await pingServer((_, response) => void response.writeHead(500).end());
    const desk = createDesk();
    desk.put('cadences/bus.yaml', `heartbeat: { ping_url: "${url}" }\n`);
    const { code, said } = await round(desk);
    assert.equal(code, 0);
    assert.deepEqual(said.ping, { host: new URL(url).host, ok: false, because: `${new URL(url).host} answered 500` });
    const { url: gone } = await pingServer((_, response) => void response.destroy());
    desk.put('cadences/bus.yaml', `heartbeat: { ping_url: "${gone}" }\n`);
    const cut = await desk.tell('heartbeat', '--wake-delay', '0s');
    assert.equal(cut.code, 0);
    assert.match(cut.stderr, /the ping did not go out: 127\.0\.0\.1:\d+ cannot be reached/);
    assert.ok(!cut.stderr.includes('0815'), 'the address is a password of a kind');
    desk.put('cadences/bus.yaml', 'heartbeat: { ping_url_env: NOBODY_HAS_SET_THIS }\n');
    assert.deepEqual((await round(desk)).said.ping, { host: null, ok: false, because: 'NOBODY_HAS_SET_THIS is not set' });
    assert.ok(existsSync(desk.paths.heartbeat));
  });

  it('does not follow where it is led', async () => {
    const inner = await pingServer();
    const { url } = await pingServer((_, response) => void response.writeHead(302, { location: inner.url }).end());
    const desk = createDesk();
    desk.put('cadences/bus.yaml', `heartbeat: { ping_url: "${url}" }\n`);
    assert.equal(((await round(desk)).said.ping as { because: string }).because, `${new URL(url).host} answered 302`);
    assert.deepEqual(inner.seen, []);
  });
});

describe('P23 the sinks of bus.yaml', () => {
  it('are told by the watchman himself where there is no owner, once, and once more when it is well', async () => {
    const server = await apiServer();
    const desk = neglectedDesk(`notify: { webhook: { url: "${server.url}/hook" } }`);
    assert.deepEqual((await round(desk)).said.faults, []);
    const [notice] = server.seen;
    assert.match(String(notice?.body.text), /: warning: job is missing: it has never run/);
    assert.equal(notice?.body.kind, 'heartbeat');
    await round(desk);
    assert.equal(server.seen.length, 1, 'not every hour anew');
    desk.cadence('job', 'run: { command: ["true"] }');
    await round(desk);
    assert.deepEqual(
      server.seen.map(({ body }) => body.kind),
      ['heartbeat', 'recovery'],
    );
  });

  it('one that does not take it is a fault of the round and no more; it is tried again by the next owner', async () => {
    const server = await apiServer();
    server.answer(status(503));
    const desk = neglectedDesk(`notify: { webhook: { url: "${server.url}/hook" } }`);
    const { code, said } = await round(desk);
    assert.equal(code, 1);
    assert.match(String((said.faults as string[])[0]), /could not be told yet/);
    assert.equal(readdirSync(desk.paths.outbox).filter((file) => file.includes('.heartbeat.')).length, 1);
  });
});
