import assert from 'node:assert/strict';
import { cpSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { askOwner } from '../../lib/platform/control.ts';
import { call, createDesk, type Desk, errorOf, parseAnswer, type Told } from '../support/cli.ts';
import { eventually } from '../support/eventually.ts';
import { tempRoot } from '../support/temp-root.ts';
import { createFloor, hasBegun, WAITS } from './floor.ts';

/** A command that goes on for a while: what it has said so far, and its end. */
function begin(desk: Desk, ...words: readonly string[]): { readonly said: () => string; readonly end: Promise<Told>; hasEnded(): boolean } {
  let said = '';
  let isOver = false;
  const end = call([...words, '--root', desk.root], { onStdout: (text) => (said += text) }).finally(() => {
    isOver = true;
  });
  return { said: () => said, end, hasEnded: () => isOver };
}

describe('D21 wait', () => {
  it('for a run ends with that attempt, for a tick when nothing more comes of it', async () => {
    const desk = createFloor();
    desk.shell('twice', `${WAITS}; test "$CADENCE_ATTEMPT" -ge 2`, 'retry: { attempts: 2, delays: [1h], jitter: 0 }');
    await desk.own();
    const tick = await desk.enqueue('twice');
    await hasBegun(desk);
    const [run, all] = [begin(desk, 'wait', `${tick}-1`, '--json'), begin(desk, 'wait', tick, '--json')];
    desk.put('go', '');
    const first = parseAnswer(await run.end);
    assert.deepEqual([first.code, first.said.ok, first.said.status, first.said.run_id], [1, false, 'failed', `${tick}-1`]);
    assert.equal(all.hasEnded(), false, 'the tick has a second try before it');
    await eventually('the failure is settled', () => desk.events('retry_scheduled').length === 1);
    await desk.ask('breaker', 'reset', 'twice');
    const last = parseAnswer(await all.end);
    assert.deepEqual([last.code, last.said.status, last.said.run_id], [0, 'succeeded', `${tick}-2`]);
  });

  it('D31 exits 1 for what is dead, 66 for what was never there, 69 where nobody runs the bus, 124 when the time is over', async () => {
    const desk = createFloor();
    const dead = String((await desk.ask('run', 'ill')).said.tick);
    assert.deepEqual([(await desk.ask('wait', dead)).code, (await desk.ask('wait', `${dead}-1`)).code], [1, 1]);
    assert.equal(errorOf(await desk.ask('wait', 'x7k2p9qd4mzt')).code, 66);
    const tick = await desk.enqueue('slow');
    const alone = errorOf(await desk.ask('wait', tick));
    assert.deepEqual([alone.code, alone.error, alone.hint], [69, 'no_owner', `Start the owner: cadence-bus start --root ${desk.root}`]);
    const owner = await desk.start();
    const late = errorOf(await desk.ask('wait', tick, '--timeout', '100ms'));
    assert.deepEqual([late.code, late.hint], [124, `It goes on. Look again: cadence-bus wait ${tick} --root ${desk.root}`]);
    owner.kill('SIGSTOP');
    assert.equal(errorOf(await desk.ask('wait', tick, '--timeout', '1500ms')).code, 124, 'a stopped owner is waited for as long as was asked');
    const waiting = desk.ask('wait', tick);
    owner.kill('SIGKILL');
    await owner.ended;
    assert.equal(errorOf(await waiting).code, 69);
  });
});

describe('logs of a run that is over', () => {
  it('finds what it said where the root has been moved, and says so where it is no more', async () => {
    const desk = createDesk();
    desk.shell('talks', 'echo well met');
    desk.shell('mute', 'true');
    const [run, mute] = [await desk.ask('run', 'talks'), await desk.ask('run', 'mute')];
    const [id, stdout] = [String(run.said.run_id), String(run.said.stdout_path)];
    const root = join(tempRoot(), 'moved');
    cpSync(desk.root, root, { recursive: true });
    rmSync(stdout);
    assert.equal((await call(['logs', id, '--root', root])).stdout, 'well met\n');
    for (const words of [[], ['--follow'], ['--stdout', '--tail', '5']]) {
      const gone = errorOf(await desk.ask('logs', id, ...words));
      assert.deepEqual([gone.code, gone.message], [66, `what ${id} said is not there any more: ${stdout}`]);
      assert.match(gone.hint, /^Retention has taken it, or somebody has removed it\. .*cadence-bus show /);
    }
    assert.equal((await desk.tell('logs', id, '--stderr')).code, 0, 'it never said a word there');
    assert.match(errorOf(await desk.ask('logs', String(mute.said.run_id))).message, /has no output of its own/);
  });
});

describe('D21 logs -f', () => {
  it('of a tick that has not begun follows it from its first word to its end', async () => {
    const desk = createFloor();
    await desk.ask('pause');
    const tick = await desk.enqueue('slow');
    await desk.own();
    const logs = begin(desk, 'logs', tick, '-f');
    await desk.ask('resume');
    await eventually('the first word is heard', () => logs.said() === 'begun\n');
    assert.equal(logs.hasEnded(), false);
    desk.put('go', '');
    const { code, stdout } = await logs.end;
    assert.deepEqual([code, stdout.split('\n').sort()], [0, ['', 'aside', 'begun', 'ended']]);
  });

  it('of a running child gives what it has said, then what it says, and ends when it does', async () => {
    const desk = createFloor();
    await desk.own();
    const tick = await desk.enqueue('slow');
    await hasBegun(desk);
    const logs = begin(desk, 'logs', `${tick}-1`, '--follow', '--stdout', '--json');
    await eventually('what it has said is heard', () => logs.said() === '{"stream":"stdout","text":"begun\\n"}\n');
    desk.put('go', '');
    const { code, stdout } = await logs.end;
    assert.deepEqual([code, stdout], [0, '{"stream":"stdout","text":"begun\\n"}\n{"stream":"stdout","text":"ended\\n"}\n']);
  });

  it('ends at once with all words where the run is over, and gives only the last lines on request', async () => {
    const desk = createFloor();
    desk.shell('count', 'seq 1 30; seq 101 103 >&2');
    const { said } = await desk.ask('run', 'count');
    const id = String(said.run_id);
    assert.equal((await desk.tell('logs', id, '-f', '--stdout')).stdout.split('\n').length, 31);
    assert.equal((await desk.tell('logs', id, '--tail', '2')).stdout, '29\n30\n102\n103\n');
    assert.equal((await desk.tell('logs', id, '-f', '--tail', '1')).stdout, '30\n103\n');
    assert.equal((await desk.tell('logs', id, '--stdout', '--stderr', '--tail', '1')).stdout, '30\n103\n');
    assert.equal((await desk.tell('logs', String(said.tick), '--stderr')).stdout, '101\n102\n103\n');
  });

  it('exits 69 where the owner ends before the run, and 66 for a run that never said a word', async () => {
    const desk = createFloor();
    const tick = await desk.enqueue('slow');
    assert.equal(errorOf(await desk.ask('logs', tick)).code, 66);
    assert.equal(errorOf(await desk.ask('logs', tick, '-f')).code, 69);
    const owner = await desk.start();
    await hasBegun(desk);
    const logs = begin(desk, 'logs', tick, '-f');
    await eventually('the first word is heard', () => logs.said() === 'begun\n');
    owner.kill('SIGKILL');
    assert.equal((await logs.end).code, 69);
  });
});

describe('D22 events', () => {
  const stages = (stdout: string): readonly string[] =>
    stdout
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => (JSON.parse(line) as { stage: string }).stage);

  it('-f of a tick tells everything once, from what has been to its end, through all its tries', async () => {
    const desk = createFloor();
    await desk.own();
    await desk.ask('pause', 'flaky');
    const tick = await desk.enqueue('flaky');
    const events = begin(desk, 'events', tick, '-f', '--json');
    await desk.ask('resume', 'flaky');
    const { code, stdout } = await events.end;
    assert.equal(code, 0);
    const expected = ['claimed', 'subsession_spawn', 'subsession_failed', 'retry_scheduled', 'claimed', 'subsession_spawn', 'run_finished'];
    assert.deepEqual(stages(stdout), expected);
    assert.deepEqual(stages((await desk.tell('events', tick, '--json')).stdout), expected, 'and the journal says the same');
    assert.deepEqual(stages((await desk.tell('events', tick, '-f', '--json')).stdout), expected, 'and so does a follower who comes too late');
  });

  it('-f of a run ends with that attempt', async () => {
    const desk = createFloor();
    desk.shell('once', `${WAITS}; exit 1`, 'retry: { attempts: 2, delays: [1h], jitter: 0 }');
    await desk.own();
    const tick = await desk.enqueue('once');
    await hasBegun(desk);
    const events = begin(desk, 'events', `${tick}-1`, '-f', '--json');
    await eventually('what has been is heard', () => events.said().includes('subsession_spawn'));
    desk.put('go', '');
    const { code, stdout } = await events.end;
    assert.deepEqual([code, stages(stdout).slice(0, 3)], [0, ['claimed', 'subsession_spawn', 'subsession_failed']]);
  });

  it('-f without an id goes on until the owner ends, and loses nothing between what it reads and what it hears', async () => {
    const desk = createFloor();
    const owner = await desk.own();
    await desk.enqueue('well');
    await eventually('it has run', () => desk.events('run_finished').length === 1);
    const events = begin(desk, 'events', '-f', '--limit', '1', '--json');
    await eventually('the newest is told', () => events.said() !== '');
    for (let n = 0; n < 3; n += 1) await desk.ask('run', 'well');
    await owner.stop('the test wants it');
    const { code, stdout } = await events.end;
    assert.equal(code, 0);
    assert.deepEqual(
      stages(stdout).filter((stage) => stage === 'run_finished' || stage === 'owner_stopped'),
      ['run_finished', 'run_finished', 'run_finished', 'run_finished', 'owner_stopped'],
    );
  });

  it('-f without an id takes the death of the owner for no end', async () => {
    const desk = createFloor();
    const owner = await desk.start();
    const events = begin(desk, 'events', '-f', '--json');
    await desk.ask('run', 'well');
    await eventually('it is heard', () => events.said().includes('run_finished'));
    owner.kill('SIGKILL');
    const { code, stdout } = await events.end;
    const [heard, said] = stdout.trimEnd().split('\n').slice(-2);
    assert.deepEqual([code, stages(heard ?? '')], [69, ['run_finished']]);
    assert.equal((JSON.parse(said ?? '') as { error: { message: string } }).error.message, 'the owner has died');
  });

  it('-f tells what came before the owner was heard, though nothing else comes', async () => {
    const desk = createFloor();
    await desk.own();
    const [stop, lines] = [new AbortController(), [] as unknown[]];
    await askOwner(desk.root, { op: 'events' }, (line) => stop.abort(lines.push(line)), stop.signal);
    assert.deepEqual(lines, [{ ok: true }], 'the owner says from when on it is heard, so that the journal is read up to there');
  });

  it('without -f needs no owner; with it, exits 69 without one', async () => {
    const desk = createFloor();
    const { said } = await desk.ask('run', 'well');
    const tick = String(said.tick);
    assert.equal((await desk.tell('events', tick)).code, 0);
    assert.equal((await desk.tell('events', tick, '-f')).code, 0, 'what is over can be told to its end');
    assert.match((await desk.tell('events', '--since', '1h', '--limit', '1')).stdout, /stopped: the run has ended/);
    const waits = await desk.enqueue('well', '--in', '1h');
    assert.equal((await desk.tell('events', waits)).code, 0);
    assert.equal((await desk.tell('events', waits, '-f')).code, 69);
    assert.equal((await desk.tell('events', '-f')).code, 69);
  });
});
