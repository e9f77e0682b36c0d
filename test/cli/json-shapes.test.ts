import assert from 'node:assert/strict';
import { before, describe, it } from 'node:test';
import { answerSchema } from '../../lib/wire/answers/answers.ts';
import { assertGolden, shapeOf } from '../golden/golden.ts';
import { type Answer, call, createDesk, parseAnswer } from '../support/cli.ts';
import { eventually } from '../support/eventually.ts';

/** What `cadence-bus schema <command>` says of an answer is true of every answer in the goldens. */
function assertFits(command: string | undefined, said: unknown): void {
  const { success, error } = answerSchema(command ?? '').safeParse(said);
  assert.ok(success, `${command} answered what its schema does not allow: ${JSON.stringify(said)} ${error?.message}`);
}

/** Every answer that a program may build on: its keys and types are a contract. More keys are welcome, so are their goldens. */
describe('P37 D2 with --json every verb answers with one flat object, in the form that is written down', () => {
  const shapes: Record<string, unknown> = {};
  const desk = createDesk();

  /** One command, by its words; the code is part of the contract. */
  async function note(title: string, ...words: readonly string[]): Promise<Answer> {
    const answer = await desk.ask(...words);
    assertFits(words[0], answer.said);
    shapes[title] = { exit: answer.code, answer: shapeOf(answer.said) };
    return answer;
  }

  async function noteLines(title: string, ...words: readonly string[]): Promise<void> {
    const { code, stdout, stderr } = await desk.tell(...words, '--json');
    assert.equal(stderr, '');
    const lines = stdout.split('\n');
    assert.equal(lines.pop(), '');
    for (const line of lines) assertFits(words[0], JSON.parse(line));
    shapes[title] = { exit: code, lines: shapeOf(lines.map((line) => JSON.parse(line))) };
  }

  before(() => {
    desk.shell('well', 'echo done');
    desk.shell('ill', 'echo no such table >&2; exit 3', 'retry: { attempts: 1, delays: [0s] }');
    desk.cadence('inner', 'run: { inline: inner.mjs }');
    desk.put('inner.mjs', `export default async () => 'all is well';\n`);
    desk.put('cadences/agent.md', 'Say hello.\n');
  });

  it('what is defined', async () => {
    await note('check', 'check');
    await note('costs', 'costs');
    await note('simulate, without a schedule', 'simulate', '--from', '2026-11-20T00:00:00Z', '--to', '2026-11-21T00:00:00Z');
    await note('list', 'list');
    for (const name of ['well', 'inner', 'agent']) await note(`show ${name}`, 'show', name);
    await note('status, before anything has run', 'status');
    await note('top, before anything has run', 'top');
    const web = desk.spawn(['web', '--json']);
    await eventually('web tells where it is', () => web.stdout().includes('\n'));
    web.kill('SIGTERM');
    await web.ended;
    const said: unknown = JSON.parse(web.stdout());
    assertFits('web', said);
    shapes.web = { answer: shapeOf(said) };
    await note('audit, before anything has run', 'audit');
    await note('runs, before anything has run', 'runs');
    await note('dlq, before anything has died', 'dlq');
    await note('breaker, while nothing is held', 'breaker');
    await note('schema', 'schema');
  });

  it('what is enqueued and run', async () => {
    await note('enqueue --dry-run', 'enqueue', 'well', '--payload', '{"a":1}', '--key', 'k', '--dry-run');
    await note('enqueue', 'enqueue', 'well', '--in', '1h', '--key', 'k');
    await note('enqueue, the same again', 'enqueue', 'well', '--slot', '2026-11-20T07:00:00Z');
    await note('enqueue, the same slot again', 'enqueue', 'well', '--slot', '2026-11-20T07:00:00Z');
    for (const name of ['well', 'inner', 'agent']) await note(`run ${name} --dry-run`, 'run', name, '--dry-run');
    await note('run --async', 'run', 'well', '--async');
    const ran = await note('run, which succeeds', 'run', 'well');
    await note('run, inline', 'run', 'inner');
    const died = await note('run, which fails for good', 'run', 'ill');
    await note('show of a run', 'show', String(ran.said.run_id));
    await note('wait for a run that is over', 'wait', String(ran.said.run_id));
    await note('wait for a tick that is dead', 'wait', String(died.said.tick));
    await note('runs', 'runs', 'well', '--limit', '1');
    await noteLines('logs', 'logs', String(died.said.run_id));
    await noteLines('events of a run', 'events', String(died.said.run_id));
  });

  it('what is told of it', async () => {
    await note('status', 'status');
    await note('status of one cadence', 'status', 'ill');
    await note('breaker', 'breaker');
    await note('dlq', 'dlq');
    const [dead] = (await desk.ask('dlq')).said.dead as { tick: string }[];
    assert.ok(dead !== undefined);
    await note('dlq show', 'dlq', 'show', dead.tick);
    await note('audit', 'audit');
  });

  it('what is ordered', async () => {
    for (const verb of ['pause', 'resume']) {
      await note(`${verb} --dry-run`, verb, 'well', '--dry-run');
      await note(verb, verb, 'well');
    }
    await note('pause of the bus', 'pause');
    await note('halt --dry-run', 'halt', '--dry-run');
    await note('halt', 'halt');
    await note('halt --kill', 'halt', '--kill');
    await note('status, halted', 'status');
    await note('resume of the bus', 'resume');
    for (const verb of ['trip', 'reset']) {
      await note(`breaker ${verb} --dry-run`, 'breaker', verb, 'well', '--dry-run');
      await note(`breaker ${verb}`, 'breaker', verb, 'well');
    }
    await note('breaker reset --all', 'breaker', 'reset', '--all');
    const tick = await desk.enqueue('well', '--in', '1h');
    await note('show of a tick that waits', 'show', tick);
    await note('cancel --dry-run', 'cancel', tick, '--dry-run');
    await note('cancel', 'cancel', tick);
    for (const verb of ['retry', 'purge']) await note(`dlq ${verb} --dry-run`, 'dlq', verb, '--all', '--dry-run');
    await note('dlq retry', 'dlq', 'retry', '--all');
    await desk.ask('breaker', 'reset', '--all');
    await desk.ask('run', 'ill');
    await note('dlq purge', 'dlq', 'purge', '--cadence', 'ill');
    await note('incidents', 'incidents');
    await note('learn', 'learn');
    await note('analyze', 'analyze');
    await note('vault --dry-run', 'vault', '--dry-run');
    await note('vault', 'vault');
    await note('incidents show', 'incidents', 'show', 'ill');
    await note('incidents ignore --dry-run', 'incidents', 'ignore', 'ill', '--dry-run');
    await note('incidents resolve', 'incidents', 'resolve', 'ill');
    const { code, stdout } = await desk.spawn(['start', '--drain', '--json']).ended;
    shapes['start --drain'] = { exit: code, answer: shapeOf(JSON.parse(stdout)) };
  });

  it('what follows the end of a run', async () => {
    desk.shell('hooked', 'echo done', 'on_success: "true"', 'notify: { on: [success], discord: { webhook_url_env: CB_NEVER_SET } }');
    const ran = await note('run, with hooks and notices', 'run', 'hooked');
    await note('hooks', 'hooks', String(ran.said.run_id));
    await note('notify', 'notify');
    await note('notify test --dry-run', 'notify', 'test', '--dry-run');
    const exec = async (title: string, ...words: readonly string[]): Promise<void> => {
      const { code, said } = parseAnswer(await call(['exec', '--root', desk.root, '--json', '--name', 'wrapped', ...words, '--', 'true'], { cwd: desk.root }));
      shapes[title] = { exit: code, answer: shapeOf(said) };
    };
    await exec('exec --dry-run', '--dry-run');
    await exec('exec');
    await desk.ask('breaker', 'trip', 'wrapped');
    await exec('exec, held');
  });

  it('what would come', async () => {
    desk.shell('timed', 'echo done', 'schedule: daily 7:00', 'timezone: UTC', 'timeout: 48h', 'overlap: skip');
    const span = ['--from', '2026-11-20T00:00:00Z', '--to', '2026-11-22T00:00:00Z'] as const;
    await note('simulate', 'simulate', ...span);
    await note('simulate, where a slot would not run', 'simulate', ...span, '--duration', '30h');
  });

  it('what is wrong', async () => {
    await note('a failure', 'status', 'nobody');
    desk.cadence('broken', 'run: { comand: [true] }', 'timeout: soon');
    await note('check, where a definition is wrong', 'check');
    await note('list, where a definition is wrong', 'list');
    await note('show of what is broken', 'show', 'broken');
    await note('run of what is broken', 'run', 'broken');
  });

  it('is the same as ever', () => {
    assertGolden('json-shapes.json', `${JSON.stringify(shapes, null, 2)}\n`);
  });
});

it('D2 help is an answer too', async () => {
  const { code, stdout, stderr } = await call(['dlq', '--help', '--json']);
  assert.deepEqual([code, stderr], [0, '']);
  assert.deepEqual(shapeOf(JSON.parse(stdout)), { ok: true, help: 'string' });
});
