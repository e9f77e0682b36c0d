import assert from 'node:assert/strict';
import { EventEmitter } from 'node:events';
import { describe, it } from 'node:test';
import { listenForLeave } from '../../lib/cli/leaving.ts';
import { CadenceError } from '../../lib/core/error.ts';
import { call, type Desk, type Told } from '../support/cli.ts';
import { eventually } from '../support/eventually.ts';
import { createFloor, hasBegun } from './floor.ts';

/** A command that is left by a signal as soon as it hears it; for a stream also as soon as it has said something. */
async function leave(desk: Desk, signal: 'SIGINT' | 'SIGTERM', words: readonly string[], isStream = false): Promise<Told> {
  const signals = new EventEmitter();
  let said = '';
  const command = call([...words, '--root', desk.root], { signals: signals as unknown as NodeJS.Process, onStdout: (text) => (said += text) });
  await eventually(`${words.join(' ')} hears signals`, () => signals.listenerCount(signal) === 1 && (!isStream || said !== ''));
  signals.emit(signal, signal);
  const told = await command;
  assert.deepEqual([signals.listenerCount('SIGINT'), signals.listenerCount('SIGTERM')], [0, 0], 'nothing is left listening');
  return told;
}

describe('what waits is left by a signal: at once, with 128 + n, and a word of what goes on', () => {
  it('D31 wait', async () => {
    const desk = createFloor();
    await desk.own();
    const tick = await desk.enqueue('slow');
    await hasBegun(desk);
    const at = `${tick} --root ${desk.root}`;
    const message = `${tick} is still running`;
    const hint = `It goes on: cadence-bus wait ${at}, or cadence-bus cancel ${at}`;
    const [words, json] = [await leave(desk, 'SIGINT', ['wait', tick]), await leave(desk, 'SIGTERM', ['wait', `${tick}-1`, '--json'])];
    assert.deepEqual(words, { code: 130, stdout: '', stderr: `left: ${message}\n      ${hint}\n` });
    assert.deepEqual([json.code, json.stderr], [143, '']);
    const { ok, error } = JSON.parse(json.stdout) as { ok: boolean; error: Readonly<Record<string, string>> };
    assert.deepEqual([ok, error.message, error.hint], [false, `${tick}-1 is still running`, hint.replaceAll(tick, `${tick}-1`)]);
    desk.put('go', '');
    assert.equal((await desk.ask('wait', tick)).said.status, 'succeeded', 'and it does go on');
  });

  it('D31 logs -f and events -f, whose lines of JSON stay what was asked for', async () => {
    const desk = createFloor();
    await desk.own();
    const tick = await desk.enqueue('slow');
    await hasBegun(desk);
    const logs = await leave(desk, 'SIGTERM', ['logs', tick, '-f'], true);
    assert.deepEqual([logs.code, logs.stdout], [143, 'begun\n']);
    assert.match(logs.stderr, new RegExp(`^left: ${tick} is still running\n {6}It goes on: cadence-bus logs -f ${tick} --root ${desk.root}, or .*cancel`));
    assert.deepEqual(await leave(desk, 'SIGINT', ['logs', tick, '-f', '--json'], true), {
      code: 130,
      stdout: '{"stream":"stdout","text":"begun\\n"}\n',
      stderr: '',
    });
    const of = await leave(desk, 'SIGINT', ['events', tick, '-f'], true);
    assert.equal(of.code, 130);
    assert.match(of.stderr, new RegExp(`^left: .* running\n {6}It goes on: cadence-bus events -f ${tick} `));
    const all = await leave(desk, 'SIGINT', ['events', '-f'], true);
    assert.deepEqual([all.code, all.stderr], [130, `left: the owner goes on\n      Look again: cadence-bus events -f --root ${desk.root}\n`]);
    const json = await leave(desk, 'SIGINT', ['events', '-f', '--json'], true);
    assert.deepEqual([json.code, json.stderr], [130, '']);
    for (const line of json.stdout.trimEnd().split('\n')) assert.equal(typeof (JSON.parse(line) as { stage: string }).stage, 'string', line);
  });

  it('an order whose owner is stopped: it waits in the inbox, and is carried out', async () => {
    const desk = createFloor();
    const owner = await desk.start();
    owner.kill('SIGSTOP');
    const told = await leave(desk, 'SIGINT', ['pause', 'well']);
    assert.deepEqual(
      [told.code, told.stdout, told.stderr],
      [130, '', `left: the order was not seen carried out\n      It waits in the inbox for an owner: cadence-bus status --root ${desk.root}\n`],
    );
    owner.kill('SIGCONT');
    await eventually('the order is carried out', () => desk.events('paused').length === 1);
  });

  it('a round of the watchman who waits whether it comes right', async () => {
    const desk = createFloor();
    desk.put('cadences/bus.yaml', 'heartbeat: { wake_delay: 1h }\n');
    desk.put('cadences/five.yaml', 'run: { command: [true] }\nschedule: every 5m\n');
    await desk.ask('enqueue', 'well');
    await desk.ask('start', '--drain');
    const told = await leave(desk, 'SIGINT', ['heartbeat']);
    assert.deepEqual([told.code, told.stdout], [130, '']);
    assert.match(
      told.stderr,
      new RegExp(`left: the round was not gone to its end\n {6}The next one looks again: cadence-bus heartbeat --root ${desk.root}\n$`),
    );
  });

  it('a real process ends so too, and once', async () => {
    const desk = createFloor();
    await desk.own();
    const tick = await desk.enqueue('slow');
    const logs = desk.spawn(['logs', tick, '-f']);
    await eventually('it follows', () => logs.stdout() === 'begun\n');
    logs.kill('SIGINT');
    const { code, stdout, stderr } = await logs.ended;
    assert.deepEqual([code, stdout, stderr.match(/left: /g)?.length], [130, 'begun\n', 1]);
    desk.put('go', '');
  });
});

it('without a signal the work answers, and with none of ours to hear nobody leaves', async () => {
  const never = (): CadenceError => new CadenceError('bug', 'it was not left', '');
  const signals = new EventEmitter();
  for (const heard of [signals as unknown as NodeJS.Process, undefined]) {
    const leaving = listenForLeave(heard, 'answer');
    assert.equal(await leaving.orLeft(Promise.resolve(7), never), 7);
    await assert.rejects(leaving.orLeft(Promise.reject(new Error('no')), never), /no/);
    leaving.close();
  }
  assert.equal(signals.listenerCount('SIGINT'), 0);
  const leaving = listenForLeave(signals as unknown as NodeJS.Process, 'answer');
  signals.emit('SIGTERM', 'SIGTERM');
  const failed = new CadenceError('not_found', 'the run is gone', '');
  const refuse = (): never => {
    throw failed;
  };
  await assert.rejects(leaving.orLeft(new Promise(() => undefined), refuse), failed, 'what cannot be told is the answer, and no crash');
  leaving.close();
});
