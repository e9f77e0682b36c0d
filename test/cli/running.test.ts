import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { runHere } from '../../lib/app/run-here.ts';
import { askToYield, probeOwner } from '../../lib/platform/control.ts';
import { call, type Desk, errorOf, parseAnswer, type Told } from '../support/cli.ts';
import { eventually } from '../support/eventually.ts';
import { createFloor, hasBegun } from './floor.ts';

const ID = /^[a-z0-9]{12}$/;

describe('run', () => {
  for (const kind of ['with an owner', 'without an owner'] as const) {
    it(`hears the words of what was over before it could listen, ${kind}`, async () => {
      const desk = createFloor();
      desk.put('go', '');
      const tick = await desk.enqueue('slow');
      assert.equal((await desk.tell('start', '--drain')).code, 0);
      if (kind === 'with an owner') await desk.start();
      let heard = '';
      const output = (text: string): void => {
        heard += text;
      };
      const run = await runHere(desk.root, tick, undefined, { output });
      assert.equal(run.status, 'succeeded');
      for (const word of ['begun\n', 'ended\n', 'aside\n']) assert.ok(heard.includes(word), heard);
    });
  }

  for (const began of ['where nobody owns the root', 'beside an owner that is killed'] as const) {
    it(`that only waits keeps no owner out, ${began}`, async () => {
      const desk = createFloor();
      assert.equal((await desk.tell('breaker', 'trip', 'well')).code, 0);
      const first = began === 'where nobody owns the root' ? undefined : await desk.start();
      const waiting = desk.spawn(['run', 'well', '--json']);
      const waits = (): boolean =>
        ['inbox', 'waiting'].some((dir) => readdirSync(join(desk.root, 'state/cadence-bus', dir)).some((file) => file.includes('.well.')));
      await eventually('it waits', waits);
      first?.child.kill('SIGKILL');
      const own = (): { readonly pid: number; readonly state: string; readonly before?: unknown } =>
        JSON.parse(readFileSync(join(desk.root, 'state/cadence-bus/owner.json'), 'utf8'));
      await eventually('it is the owner meanwhile', () => own().before !== undefined && own().pid === waiting.pid);
      await eventually('it listens', async () => (await probeOwner(desk.root)).kind === 'answers');
      const rehearsal = await desk.ask('start', '--dry-run');
      assert.deepEqual([rehearsal.code, rehearsal.said.ok], [2, true]);
      const other = await desk.enqueue('flaky');
      await desk.start();
      await eventually('the others run', () => desk.records().some((run) => run.tick === other && run.status === 'succeeded'));
      assert.equal((await desk.tell('breaker', 'reset', 'well')).code, 0);
      const { code, stdout } = await waiting.ended;
      assert.equal(code, 0, stdout);
      assert.equal(JSON.parse(stdout).status, 'succeeded');
      assert.equal(desk.records().filter((run) => run.cadence === 'well').length, 1);
    });
  }

  it('that gave way is the owner again where nobody came', async () => {
    const desk = createFloor();
    assert.equal((await desk.tell('breaker', 'trip', 'well')).code, 0);
    const waiting = desk.spawn(['run', 'well', '--json']);
    await eventually('it listens', async () => (await probeOwner(desk.root)).kind === 'answers');
    await eventually('it gives way', () => askToYield(desk.root));
    await eventually('it has ended as an owner', () => desk.events('owner_stopped').length === 2);
    await eventually('it is the owner again', async () => desk.events('owner_started').length === 3 && (await probeOwner(desk.root)).kind === 'answers');
    assert.equal((await desk.tell('breaker', 'reset', 'well')).code, 0);
    assert.equal((await waiting.ended).code, 0);
  });

  it('whose run is under way is named to an owner that would begin, and goes on', async () => {
    const desk = createFloor();
    const running = desk.spawn(['run', 'slow', '--json']);
    await hasBegun(desk);
    const { code, hint } = errorOf(await desk.ask('start'));
    assert.equal(code, 75);
    assert.match(hint, /ends with that run/);
    desk.put('go', '');
    assert.equal((await running.ended).code, 0);
  });

  for (const kind of ['with an owner', 'without an owner'] as const) {
    describe(kind, () => {
      const open = async (): Promise<Desk> => {
        const desk = createFloor();
        if (kind === 'with an owner') await desk.start();
        return desk;
      };

      it('D16 D31 ends as the run does: 0 when it succeeds, 1 when it is given up', async () => {
        const desk = await open();
        const well = await desk.ask('run', 'well');
        assert.deepEqual([well.code, well.said.ok, well.said.status, well.said.summary], [0, true, 'succeeded', 'done']);
        const ill = await desk.ask('run', 'ill');
        assert.deepEqual([ill.code, ill.said.ok, ill.said.status, ill.said.attempt, ill.said.exit_code], [1, false, 'dead', 2, 3]);
        assert.match(String(ill.said.reason), /no such table/);
        const flaky = await desk.ask('run', 'flaky');
        assert.deepEqual([flaky.code, flaky.said.status, flaky.said.attempt], [0, 'succeeded', 2]);
      });

      it('shows the words of the run on stderr as it says them, and the result alone on stdout', async () => {
        const desk = await open();
        desk.put('go', '');
        const { code, stdout, stderr } = await desk.tell('run', 'slow');
        assert.equal(code, 0);
        for (const word of ['begun\n', 'ended\n', 'aside\n']) assert.ok(stderr.includes(word), stderr);
        assert.match(stdout, /status +succeeded/);
        assert.doesNotMatch(stdout, /^begun$/m);
      });

      it('hands the payload and the key over', async () => {
        const desk = await open();
        desk.shell('echo', 'echo "$CADENCE_KEY $(cat)"');
        const { said } = await desk.ask('run', 'echo', '--payload', '{"a":[1]}', '--key', 'k1');
        assert.deepEqual([said.key, said.summary], ['k1', 'k1 {"a":[1]}']);
      });

      it('D31 --timeout ends the wait with 124 and not the run, which goes on', async () => {
        const desk = await open();
        const { code, error, hint } = errorOf(await desk.ask('run', 'slow', '--timeout', '300ms'));
        assert.deepEqual([code, error], [124, 'timeout']);
        assert.match(hint, new RegExp(`goes on.*: cadence-bus wait \\S+ --root ${desk.root}`), 'a command that works wherever it is tried');
        // An owner of only that time may not have come to it yet.
        if (kind === 'without an owner') await desk.start();
        await hasBegun(desk);
        desk.put('go', '');
        await eventually('it has ended well', () => desk.records().some((run) => run.cadence === 'slow' && run.status === 'succeeded'));
      });

      it('a run that is over before the time is, is not waited for any longer', async () => {
        const desk = await open();
        const { code } = await desk.spawn(['run', 'well', '--timeout', '1h', '--json']).ended;
        assert.equal(code, 0);
      });

      it('D17 --async prints the receipt, and its commands are true', async () => {
        const desk = await open();
        const { code, said } = await desk.ask('run', 'well', '--async');
        assert.deepEqual([code, said.ok, said.status], [0, true, 'queued']);
        assert.match(String(said.tick), ID);
        if (kind === 'without an owner') await desk.start();
        const then = async (command: unknown): Promise<Told> => call([...String(command).split(' ').slice(1), '--json']);
        assert.equal(parseAnswer(await then(said.wait_command)).said.status, 'succeeded');
        assert.equal((await then(said.status_command)).code, 0);
        assert.match((await then(said.logs_command)).stdout, /"text":"done\\n"/);
      });
    });
  }

  it('says why it waits, where the cadence is held', async () => {
    const desk = createFloor();
    await desk.ask('pause', 'well', '--because', 'too loud');
    desk.shell('off', 'true', 'enabled: false');
    const held = await desk.tell('run', 'well', '--timeout', '100ms');
    assert.equal(held.code, 124);
    assert.match(held.stderr, /well waits: paused: too loud/);
    assert.match((await desk.tell('run', 'off', '--timeout', '100ms')).stderr, /off waits: .*enabled: false/);
  });

  for (const owned of [false, true]) {
    it(`says what its tick waits for whenever that changes, ${owned ? 'by an owner' : 'as the owner'}`, async () => {
      const desk = createFloor();
      desk.shell('ill', 'echo the disk is gone >&2; exit 3', 'retry: { attempts: 2, delays: [10ms] }', 'breaker: { failures: 2, open: 1h }');
      desk.shell('later', 'test -e twice || { touch twice; exit 75; }', 'retry: { delays: [10ms] }');
      if (owned) await desk.start();
      const ill = await desk.tell('run', 'ill');
      assert.equal(ill.code, 1);
      assert.match(ill.stderr, /✗ ill failed \(try 1\): exit 3: the disk is gone\n↻ ill tries again /);
      assert.doesNotMatch(ill.stderr, /try 2/, 'what ends it is told by its record');
      assert.match(ill.stderr, /breaker open after 2 failures until \S+Z.*\n {2}To try again now: cadence-bus breaker reset ill\n/);
      assert.match((await desk.tell('run', 'later')).stderr, /↻ later put off .*, not charged/);
    });
  }

  it('who asks to be tried later each time has done nothing, and status does not call him healthy', async () => {
    const desk = createFloor();
    desk.shell('later', 'test -e there || { echo no file yet; exit 75; }', 'retry: { delays: [10ms] }');
    await desk.enqueue('later');
    assert.equal((await desk.tell('start', '--drain')).code, 0);
    const { said } = await desk.ask('status', 'later');
    const [later] = said.cadences as readonly Record<string, unknown>[];
    const { put_off, healthy } = said.summary as Readonly<Record<string, number>>;
    assert.deepEqual([later?.status, later?.last_status, put_off, healthy], ['put_off', 'waiting', 1, 0]);
    assert.match((await desk.tell('status')).stdout, /↻ put off +later .*asked to be tried later: no file yet/);
    desk.put('there', '');
    assert.equal((await desk.tell('run', 'later')).code, 0);
    assert.match((await desk.tell('status')).stdout, /✓ healthy +later /);
  });

  it('several at once without an owner: one is the owner, and every run comes to its end', async () => {
    const desk = createFloor();
    desk.shell('other', 'echo other');
    const ends = await Promise.all(['well', 'other', 'well', 'other'].map((name) => desk.spawn(['run', name, '--json']).ended));
    assert.deepEqual(
      ends.map(({ code, stdout }) => [code, (JSON.parse(stdout) as { status: string }).status]),
      ends.map(() => [0, 'succeeded']),
    );
    assert.equal(desk.records().filter(({ status }) => status === 'succeeded').length, 4);
  });
});
