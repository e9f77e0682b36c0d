import assert from 'node:assert/strict';
import { existsSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { createDesk } from '../support/cli.ts';
import { eventually } from '../support/eventually.ts';
import { killQuietly } from '../support/owner-cli.ts';

describe('why, status and run say why a tick does not start', () => {
  const desk = createDesk();
  desk.put('cadences/bus.yaml', 'lanes: { command: 1 }\n');
  const hold = 'while ! test -e over; do sleep 0.05; done';
  desk.shell('hog', hold);
  desk.shell('lined-up', 'true');
  desk.shell('needy', 'true', 'required_env: [NOBODY_HAS_SET_THIS]');
  desk.shell('off', 'true', 'enabled: false');
  desk.shell('here', hold, 'workspace: .', 'lane: inline');
  desk.shell('there', 'true', 'workspace: .', 'lane: inline');
  desk.put('cadences/talks.md', '---\nrun: { agent: { command: [cat] } }\naccount: vendor\n---\nhello\n');
  desk.shell('gone', 'true');
  const ready = (async () => {
    await desk.own();
    await desk.ask('run', 'gone', '--timeout', '1m');
    await desk.ask('breaker', 'trip', 'account:vendor', '--because', 'no contract');
    for (const name of ['hog', 'here']) {
      const tick = await desk.enqueue(name);
      await eventually(`${name} runs`, async () => (await desk.ask('status', '--run', tick)).said.status === 'running');
    }
    for (const name of ['hog', 'lined-up', 'needy', 'off', 'there', 'talks']) await desk.enqueue(name);
    await desk.enqueue('needy', '--in', '1h');
    await desk.ask('rm', 'gone', '--yes');
  })();

  const reasons: Readonly<Record<string, RegExp>> = {
    hog: /it runs now; 1 tick waits/,
    'lined-up': /1 tick waits; its lane command is full: hog runs/,
    needy: /2 ticks wait; .*NOBODY_HAS_SET_THIS is not set in the owner's environment/,
    off: /1 tick waits; its file says enabled: false/,
    there: /1 tick waits; here runs in its workspace/,
    talks: /1 tick waits; account:vendor is isolated: no contract/,
    gone: /^no file defines it; its last run succeeded/,
  };
  for (const [name, because] of Object.entries(reasons)) {
    it(`why ${name}`, async () => {
      await ready;

      await eventually(`why ${name} says ${because}`, async () => because.test(String((await desk.ask('why', name)).said.because)));
    });
  }

  it('status tells it beside the number of ticks, and calls held what waits for a variable', async () => {
    await ready;
    const { said } = await desk.ask('status');
    const about = (said.cadences as { name: string; status: string; waits_because: string | null }[]).map(({ name, status, waits_because }) => [
      name,
      status,
      waits_because,
    ]);
    assert.deepEqual(
      about.find(([name]) => name === 'needy'),
      ['needy', 'held', "NOBODY_HAS_SET_THIS is not set in the owner's environment"],
    );
    assert.deepEqual(
      about.find(([name]) => name === 'talks'),
      ['talks', 'held', null],
    );
    assert.match((await desk.tell('status')).stdout, /lined-up .*1 waiting \(lane command is full\)/);
  });

  it('run tells it while it waits, once, and with the end of its patience', async () => {
    await ready;
    const [needy, off] = await Promise.all(['needy', 'off'].map((name) => desk.tell('run', name, '--timeout', '2s')));
    assert.equal(needy?.code, 124);
    assert.match(needy?.stderr ?? '', /^‖ needy waits: NOBODY_HAS_SET_THIS is not set .*\nerror: \S+ is still held: NOBODY_HAS_SET_THIS is not set/);
    assert.equal(off?.stderr.match(/off waits/g)?.length, 1);
  });
});

// Side by side, for most of it is waiting.
describe('who waits hears why', { concurrency: true }, () => {
  for (const [signal, exit] of [
    ['SIGINT', 130],
    ['SIGTERM', 143],
  ] as const) {
    for (const owned of [false, true]) {
      it(`run that is left by ${signal} says that its run goes on, ${owned ? 'by its owner' : 'as the next owner finds it'}`, async () => {
        const desk = createDesk();
        desk.shell('long', 'echo begun; while ! test -e over; do sleep 0.05; done');
        if (owned) await desk.start();
        const run = desk.spawn(['run', 'long']);
        await eventually('its words come', () => run.stderr().includes('begun'));
        process.kill(run.pid, signal);
        const { code, stderr } = await run.ended;
        assert.equal(code, exit);
        const [, tick = '', command] = /left: (\w{12}) .*\n.* goes on.*(cadence-bus wait .*), or cadence-bus cancel/.exec(stderr) ?? [];
        assert.equal(command, `cadence-bus wait ${tick} --root ${desk.root}`);
        if (!owned) assert.match((await desk.tell('status')).stdout, /no owner.* stopped/);
        desk.put('over', '');
        if (!owned) await desk.start();
        assert.equal((await desk.ask('wait', tick)).said.status, 'succeeded');
      });
    }
  }

  it('tells of a run that outlived its owner: that its child goes on, and when it is over', async () => {
    const desk = createDesk();
    desk.shell('long', 'while ! test -e over; do sleep 0.05; done');
    const owner = await desk.start();
    await desk.enqueue('long');
    await eventually('it runs', () => desk.ls('running').some((run) => existsSync(join(desk.paths.running, run, 'pid'))));
    killQuietly(owner.pid);
    await owner.ended;
    assert.match(String((await desk.ask('why', 'long')).said.because), /its child goes on, and the next owner adopts it/);
    const about = async (): Promise<unknown> => ((await desk.ask('status', 'long')).said.cadences as { is_over: boolean }[])[0]?.is_over;
    assert.equal(await about(), false);
    desk.put('over', '');
    await eventually('it is over', about);
    assert.match(String((await desk.ask('why', 'long')).said.because), /its run is over, and the next owner records how it ended/);
    assert.match((await desk.tell('status')).stdout, /▶ running +long +never run +it is over; the next owner records how it ended/);
  });

  it('tells of a guard that outlived its owner as of a run, and of its slot that no owner is there', async () => {
    const desk = createDesk();
    const asks = `guard: { command: [sh, -c, 'while ! test -e over; do sleep 0.05; done'] }`;
    desk.shell('asked', 'true', 'schedule: every 1s', asks);
    const owner = await desk.start();
    await eventually('its guard runs', () => desk.ls('running').some((run) => existsSync(join(desk.paths.running, run, 'pid'))));
    killQuietly(owner.pid);
    await owner.ended;
    const { said } = await desk.ask('why', 'asked');
    assert.match(String(said.because), /its child goes on, and the next owner adopts it/);
    const running = (said.slots as readonly { end: string; because: string }[]).filter(({ end }) => end === 'running');
    assert.deepEqual(
      running.map(({ because }) => because),
      ['no owner is running; the next one adopts it, or records how it ended'],
    );
    desk.put('over', '');
  });

  it('the emergency stop needs no room for words: halt stops a bus whose disk is full', async () => {
    const desk = createDesk();
    desk.shell('well', 'true');
    const { code, stdout } = await desk.spawn(['halt', '--because', 'it runs away'], { prelude: 'ulimit -f 0' }).ended;
    assert.deepEqual([code, /^Halted/.test(stdout)], [0, true]);
    assert.match(String((await desk.ask('why', 'well')).said.because), /bus is halted/);
  });

  it('next names who is broken, and does not say that it has no schedule', async () => {
    const desk = createDesk();
    desk.cadence('ill', 'run: { command: [./no-such-program] }', 'schedule: every 30m');
    const { stdout, stderr } = await desk.tell('next', 'ill');
    assert.equal(stdout, 'Nothing comes.\n');
    assert.match(stderr, /ill fires no slot: its definition is broken; see cadence-bus check ill/);
    assert.deepEqual((await desk.ask('next')).said, { ok: true, slots: [], broken: ['ill'] });
  });

  it('what is no file lies in the dlq with its reason, and the next command is one that answers', async () => {
    const desk = createDesk();
    desk.shell('well', 'true');
    mkdirSync(join(desk.paths.inbox, 'folder.json'), { recursive: true });
    await desk.ask('start', '--drain');
    const { stdout } = await desk.tell('dlq');
    assert.match(stdout, /folder +rejected +0 tries +it is not a regular file/);
    assert.match((await desk.tell('runs')).stderr, /^Next: cadence-bus show \S+\n$/);
  });

  it('why names an owner that is there for another cadence only', async () => {
    const desk = createDesk();
    desk.shell('hog', 'while ! test -e over; do sleep 0.05; done');
    desk.shell('other', 'true');
    const run = desk.spawn(['run', 'hog']);
    await eventually('it runs', () => desk.ls('claimed').length === 1);
    await desk.enqueue('other');
    const told = /1 tick waits; the owner there is now runs one other cadence only/;
    await eventually('it is told', async () => told.test(String((await desk.ask('why', 'other')).said.because)));
    desk.put('over', '');
    assert.equal((await run.ended).code, 0);
  });

  it('why and run name an owner that does not answer', async () => {
    const desk = createDesk();
    desk.shell('well', 'true');
    desk.shell('timed', 'true', 'schedule: every 1s');
    const owner = await desk.start();
    await eventually('a slot was seen', () => desk.records().some(({ cadence }) => cadence === 'timed'));
    process.kill(owner.pid, 'SIGSTOP');
    await desk.enqueue('well');
    const [{ code, stderr }, { said }] = await Promise.all([desk.tell('run', 'well', '--timeout', '6s'), desk.ask('why', 'well')]);
    assert.equal(code, 124);
    assert.match(stderr, /^‖ well waits: its owner does not answer \(stopped or asleep\).*\nerror: .* is still queued\n {7}Its owner does not answer/);
    assert.match(String(said.because), /ticks? waits?; the owner does not answer/);
    const slots = (await desk.ask('why', 'timed')).said.slots as readonly { because: string }[];
    assert.ok(slots.some(({ because }) => because === 'the owner does not answer; it decides it when it goes on'));
    for (const words of [['why', 'well'], ['why']]) assert.match((await desk.tell(...words)).stderr, /^Next: cadence-bus status/m);
    process.kill(owner.pid, 'SIGCONT');
    await eventually('the tick has run', () => desk.records().some(({ cadence, status }) => cadence === 'well' && status === 'succeeded'));
  });
});

describe('a retry behind an opening', () => {
  const desk = createDesk();
  const ready = (async () => {
    desk.shell('ill', 'echo no such table; exit 3', 'retry: { attempts: 2, delays: [10m], jitter: 0 }', 'breaker: { failures: 1, open: 30m }');
    await desk.own();
    const tick = await desk.enqueue('ill');
    await eventually('it waits', () => desk.ls('waiting').length === 1 && existsSync(desk.paths.circuit));
    const [hold] = (await desk.ask('breaker', 'ls')).said.holds as readonly { readonly until: string }[];
    return { tick, until: String(hold?.until) };
  })();

  it('is tried again when that is over, and not before, and show says so', async () => {
    const { tick, until } = await ready;
    const { said } = await desk.ask('show', tick);
    assert.deepEqual([said.status, said.retry_at], ['held', until]);
  });

  it('is not said by status to begin when its own time comes', async () => {
    await ready;
    const { said } = await desk.ask('status', 'ill');
    assert.equal((said.cadences as readonly { readonly waits_because: string | null }[])[0]?.waits_because, null);
  });

  it('is told to the second, for its minute may have begun', async () => {
    const { until } = await ready;
    assert.ok(String((await desk.ask('why', 'ill')).said.because).includes(` until ${until.slice(0, 19)}Z: `));
  });

  it('has the words of its last try, by a command that works', async () => {
    const { tick } = await ready;
    for (const words of [
      ['show', tick],
      ['status', '--run', tick],
    ]) {
      const next = /^Next: cadence-bus logs (\S+)/m.exec((await desk.tell(...words)).stderr)?.[1];
      assert.match((await desk.tell('logs', String(next))).stdout, /no such table/);
    }
  });

  it('has no time where it expires before, and show and why say when that is', async () => {
    await ready;
    const tick = await desk.enqueue('ill', '--expires', '10m');
    const { said } = await desk.ask('show', tick);
    assert.deepEqual([said.status, said.retry_at], ['held', undefined]);
    assert.match(String(said.expires_at), /^\d{4}-/);
    const { because } = (await desk.ask('why', 'ill')).said;
    assert.ok(String(because).includes(`; its first tick expires at ${String(said.expires_at).slice(0, 19)}Z; `), String(because));
  });

  it('has no time while somebody holds it, or its cadence', async () => {
    const { tick } = await ready;
    await desk.ask('breaker', 'trip', 'ill');
    assert.equal((await desk.ask('show', tick)).said.retry_at, undefined);
  });
});

describe('breaker ls', () => {
  it('names the way out of what is held, not of what failed once and may go on', async () => {
    const desk = createDesk();
    desk.shell('once', 'exit 3', 'retry: { attempts: 1, delays: [1ms] }');
    desk.shell('ill', 'exit 3', 'retry: { attempts: 1 }', 'breaker: { failures: 1, open: 30m }');
    await desk.own();
    for (const name of ['once', 'ill']) await desk.ask('run', name);
    await eventually('that of once is over', async () => /once {2}closed/.test((await desk.tell('breaker')).stdout));
    assert.match((await desk.tell('breaker')).stderr, /^Next: cadence-bus breaker reset ill /m);
  });
});

describe('what ended without a run', () => {
  it('has no words, and nobody is sent to look for them', async () => {
    const desk = createDesk();
    desk.shell('late', 'true');
    const tick = await desk.enqueue('late', '--expires', '1ms');
    await desk.own();
    await eventually('it is on file', () => desk.events('incident').length === 1);
    for (const words of [
      ['show', tick],
      ['status', '--run', tick],
      ['incidents', 'show', 'late'],
    ])
      assert.doesNotMatch((await desk.tell(...words)).stderr, /cadence-bus logs/);
  });
});
