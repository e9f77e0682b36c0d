import assert from 'node:assert/strict';
import { existsSync, readFileSync, rmSync } from 'node:fs';
import { describe, it } from 'node:test';
import { createDesk, type Desk, errorOf } from '../support/cli.ts';
import { eventually } from '../support/eventually.ts';
import { childrenOf } from '../support/owner-cli.ts';

const WAITS = 'echo begun; while [ ! -e "$CADENCE_ROOT/go" ]; do sleep 0.05; done; echo ended';

interface Hold {
  readonly key: string;
  readonly state: string;
  readonly because: string;
}

async function holds(desk: Desk): Promise<readonly string[]> {
  return ((await desk.ask('breaker')).said.holds as Hold[]).map(({ key, state, because }) => `${key} ${state}: ${because}`);
}

async function statusOf(desk: Desk, tick: string): Promise<unknown> {
  return (await desk.ask('show', tick)).said.status;
}

function createFloor(): Desk {
  const desk = createDesk();
  desk.shell('well', 'echo done');
  desk.shell('slow', WAITS, 'kill_grace: 100ms');
  desk.shell('ill', 'exit 3', 'retry: { attempts: 1, delays: [0s] }');
  return desk;
}

const hasBegun = (desk: Desk): Promise<unknown> => eventually('the child has begun', () => childrenOf(desk.root).length > 0);

/** The same orders, with an owner in a process of its own and with none at all. */
for (const kind of ['with an owner', 'without an owner'] as const) {
  describe(`orders ${kind}`, () => {
    const open = async (): Promise<Desk> => {
      const desk = createFloor();
      if (kind === 'with an owner') await desk.start();
      return desk;
    };
    /** Where nobody does, a drain runs what may run. */
    const letRun = async (desk: Desk): Promise<void> => {
      if (kind === 'without an owner') assert.equal((await desk.spawn(['start', '--drain']).ended).code, 0);
    };

    it('M19 P36 pause holds a cadence with its reason, what is enqueued waits, and resume lets it go', async () => {
      const desk = await open();
      assert.equal((await desk.ask('pause', 'well', '--because', 'disk swap')).code, 0);
      assert.deepEqual(await holds(desk), ['cadence:well paused: disk swap']);
      const tick = await desk.enqueue('well');
      const other = await desk.enqueue('ill');
      await letRun(desk);
      await eventually('the other cadence has run', async () => (await statusOf(desk, other)) === 'dead');
      assert.equal(await statusOf(desk, tick), 'held');
      assert.equal((await desk.ask('resume', 'well')).code, 0);
      assert.deepEqual(
        (await holds(desk)).filter((hold) => hold.includes('well')),
        [],
      );
      await letRun(desk);
      await eventually('it has run', async () => (await statusOf(desk, tick)) === 'succeeded');
    });

    it('M23 pause without a name holds everything, and resume without a name frees everything', async () => {
      const desk = await open();
      await desk.ask('pause', 'well');
      await desk.ask('pause');
      assert.equal((await holds(desk)).length, 2);
      assert.equal((await desk.ask('resume')).code, 0);
      assert.deepEqual(await holds(desk), []);
    });

    it('M20 breaker trip holds by hand, says why, and reset frees one key or all', async () => {
      const desk = await open();
      await desk.ask('breaker', 'trip', 'well', '--because', 'the vendor is down');
      await desk.ask('breaker', 'trip', 'account:claude');
      assert.deepEqual(await holds(desk), ['cadence:well isolated: the vendor is down', 'account:claude isolated: held open by an operator']);
      assert.equal((JSON.parse(readFileSync(desk.paths.circuit, 'utf8')) as { open: { well: { state: string } } }).open.well.state, 'isolated');
      const tick = await desk.enqueue('well');
      await letRun(desk);
      assert.ok(['held', 'queued'].includes(String(await statusOf(desk, tick))));
      assert.equal((await desk.ask('breaker', 'reset', 'well')).code, 0);
      assert.deepEqual(await holds(desk), ['account:claude isolated: held open by an operator']);
      await desk.ask('breaker', 'trip', 'cadence:ill');
      assert.equal((await desk.ask('breaker', 'reset', '--all')).code, 0);
      assert.deepEqual(await holds(desk), []);
      assert.ok(!existsSync(desk.paths.circuit), 'circuit-open.json is gone when nothing is open');
      await letRun(desk);
      await eventually('it has run', async () => (await statusOf(desk, tick)) === 'succeeded');
    });

    it('D23 cancel removes a tick that waits, by its own id and by the run id of its receipt', async () => {
      const desk = await open();
      for (const suffix of ['', '-1']) {
        const tick = await desk.enqueue('well', '--in', '1h');
        await eventually('it is there to be cancelled', async () => (await desk.ask('show', tick)).code === 0);
        const { code, said } = await desk.ask('cancel', `${tick}${suffix}`);
        assert.deepEqual([code, said.ok, said.status, said.tick], [0, true, 'cancelled', tick]);
        assert.equal(errorOf(await desk.ask('cancel', tick)).code, 66);
        // The commands of a receipt name the run that has not begun, and never will.
        for (const verb of ['show', 'wait']) {
          const [byRun, byTick] = [await desk.ask(verb, `${tick}-1`), await desk.ask(verb, tick)];
          assert.deepEqual([byRun.said.status, byRun.said.reason], ['cancelled', 'cancelled while it waited']);
          assert.deepEqual(byRun, byTick);
        }
      }
      assert.deepEqual([...desk.ls('inbox'), ...desk.ls('waiting')], []);
      assert.equal((await desk.ask('audit')).code, 0);
    });

    it('D23 cancel stops what runs, and nothing of it is left', async () => {
      const desk = await open();
      // Where nobody is the owner now, one was: its child goes on.
      const owner = kind === 'without an owner' ? await desk.start() : undefined;
      const tick = await desk.enqueue('slow');
      await hasBegun(desk);
      owner?.kill('SIGKILL');
      await owner?.ended;
      const { code, said } = await desk.ask('cancel', tick);
      assert.deepEqual([code, said.status], [0, 'cancelled'], JSON.stringify(said));
      assert.deepEqual(childrenOf(desk.root), []);
      assert.deepEqual(desk.ls('dlq'), []);
    });

    it('M3 dlq retry gives a dead tick another life, purge removes it for good', async () => {
      const desk = await open();
      const run = await desk.ask('run', 'ill');
      const tick = String(run.said.tick);
      assert.equal(desk.ls('dlq').length, 1);
      const { code, said } = await desk.ask('dlq', 'retry', tick);
      assert.deepEqual([code, (said.revived as { tick: string }[]).map((one) => one.tick)], [0, [tick]]);
      await letRun(desk);
      await eventually('it has died again', () => desk.records().filter((one) => one.tick === tick && one.status === 'dead').length === 2);
      await eventually('it lies in the dlq', () => desk.ls('dlq').length === 1);
      assert.deepEqual((await desk.ask('dlq', 'purge', tick)).said, { ok: true, purged: 1 });
      assert.deepEqual(desk.ls('dlq'), []);
      assert.equal(errorOf(await desk.ask('dlq', 'retry', tick)).code, 66);
      assert.deepEqual((await desk.ask('dlq', 'purge', '--all')).said, { ok: true, purged: 0 });
      assert.deepEqual((await desk.ask('dlq', 'retry', '--all')).said, { ok: true, revived: [], left: [] });
    });

    it('M23 halt is a file: nothing is claimed while it is there; what runs goes on, unless --kill; resume removes it', async () => {
      const desk = await open();
      const owner = kind === 'without an owner' ? await desk.start() : undefined;
      const tick = await desk.enqueue('slow');
      await hasBegun(desk);
      owner?.kill('SIGKILL');
      await owner?.ended;
      assert.equal((await desk.ask('halt', '--because', 'smoke')).code, 0);
      assert.equal(readFileSync(desk.paths.halt, 'utf8'), 'smoke\n');
      assert.match((await holds(desk))[0] ?? '', /^bus halted: .*halt exists since .*: smoke$/);
      assert.equal(childrenOf(desk.root).length > 0, true);
      const later = await desk.enqueue('well');
      const { code, said } = await desk.ask('halt', '--kill');
      assert.deepEqual([code, said.state], [0, 'halted']);
      await eventually('nobody of it is left', () => childrenOf(desk.root).length === 0 && desk.ls('claimed').length === 0);
      assert.equal(await statusOf(desk, later), 'held');
      desk.put('go', '');
      assert.equal((await desk.ask('resume')).code, 0);
      assert.ok(!existsSync(desk.paths.halt));
      await letRun(desk);
      await eventually('what was stopped has run again, and what waited has run', async () => {
        return (await statusOf(desk, tick)) === 'succeeded' && (await statusOf(desk, later)) === 'succeeded';
      });
      assert.equal(desk.records().filter((one) => one.tick === tick && one.status === 'failed').length, 0, 'a stop by an operator is not charged');
    });
  });
}

describe('orders, and who carries them out', () => {
  it('a child that has nothing to do with an order is not waited for', async () => {
    const desk = createFloor();
    const owner = await desk.start();
    await desk.enqueue('slow');
    await hasBegun(desk);
    owner.kill('SIGINT');
    assert.equal((await owner.ended).code, 0);
    assert.equal((await desk.spawn(['pause', 'well', '--json']).ended).code, 0);
    assert.equal(childrenOf(desk.root).length > 0, true, 'the child goes on');
    desk.put('go', '');
    assert.equal((await desk.spawn(['start', '--drain']).ended).code, 0);
    assert.deepEqual(
      desk
        .records()
        .filter(({ cadence }) => cadence === 'slow')
        .map(({ status }) => status),
      ['succeeded'],
    );
  });

  it('many orders at once, without an owner, are all carried out', async () => {
    const desk = createFloor();
    const names = Array.from({ length: 6 }, (_, index) => `job-${index}`);
    for (const name of names) desk.shell(name, 'true');
    const ends = await Promise.all(names.map((name) => desk.spawn(['pause', name, '--json']).ended));
    assert.deepEqual(
      ends.map(({ code, stdout }) => [code, (JSON.parse(stdout) as { ok: boolean }).ok]),
      names.map(() => [0, true]),
    );
    assert.deepEqual(
      (await holds(desk)).map((hold) => hold.split(' ')[0]).sort(),
      names.map((name) => `cadence:${name}`),
    );
  });

  it('an owner that is stopped gets the order when it goes on; until then the order is held, exit 75', async () => {
    const desk = createFloor();
    const owner = await desk.start();
    owner.kill('SIGSTOP');
    const { code, message, hint } = errorOf(await desk.ask('pause', 'well'));
    assert.equal(code, 75);
    assert.match(message, /does not answer; the order waits in its inbox/);
    assert.match(hint, /when the owner goes on/);
    owner.kill('SIGCONT');
    await eventually('the order is carried out', async () => (await holds(desk)).length === 1);
  });

  it('what is no more may be freed, and what never was cannot be held', async () => {
    const desk = createFloor();
    await desk.ask('pause', 'well');
    await desk.ask('breaker', 'trip', 'ill');
    for (const name of ['well', 'ill']) rmSync(`${desk.paths.cadences}/${name}.yaml`);
    assert.equal((await desk.ask('resume', 'well')).code, 0);
    assert.equal((await desk.ask('breaker', 'reset', 'ill')).code, 0);
    assert.equal(errorOf(await desk.ask('pause', 'well')).code, 66);
    assert.equal(errorOf(await desk.ask('breaker', 'trip', 'account:')).code, 66);
    desk.put('cadences/bus.yaml', 'lanes: { agent: 1 }\n');
    assert.equal(errorOf(await desk.ask('pause', 'bus')).code, 66, 'bus.yaml is no cadence');
    assert.deepEqual(await holds(desk), []);
  });
});
