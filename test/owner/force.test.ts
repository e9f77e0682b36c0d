import assert from 'node:assert/strict';
import { utimesSync } from 'node:fs';
import { describe, it } from 'node:test';
import { enqueue } from '../../lib/index.ts';
import { createDesk, errorOf } from '../support/cli.ts';
import { eventually } from '../support/eventually.ts';

describe('D5 D16 run --force', () => {
  it('goes past an open breaker, a pause and the guard of its cadence, for this one tick, and the record says so', async () => {
    const desk = createDesk();
    desk.shell('duty', 'test -e well', 'guard: { command: [sh, -c, "echo no work; exit 1"] }', 'retry: { attempts: 1 }', 'breaker: { failures: 1, open: 1h }');
    await desk.own();
    const failed = await desk.ask('run', 'duty', '--force');
    assert.deepEqual([failed.said.status, failed.said.force, failed.said.source], ['dead', true, 'cli']);
    await eventually('its breaker is open', () => desk.events('circuit_opened').length === 1);
    const untilOf = async (): Promise<unknown> => ((await desk.ask('breaker', 'ls')).said.holds as readonly { until: unknown }[])[0]?.until;
    const until = await untilOf();
    assert.equal((await desk.ask('run', 'duty', '--force')).said.status, 'dead');
    await eventually('the second one has ended', () => desk.records().filter(({ cadence }) => cadence === 'duty').length === 2);
    assert.equal(await untilOf(), until, 'a failure while it is open does not lengthen the opening');
    await desk.ask('pause', 'duty');
    const waits = await desk.enqueue('duty');
    desk.put('well', '');
    const { code, said } = await desk.ask('run', 'duty', '--force');
    assert.deepEqual([code, said.status, said.force], [0, 'succeeded', true]);
    await eventually('the proof closes the breaker', () => desk.events('circuit_closed').length === 1);
    assert.ok(
      desk.ls('waiting').some((file) => file.includes(waits)),
      'what was not forced still waits for the pause',
    );
    await desk.ask('resume', 'duty');
    const other = await eventually('then it is asked of its guard', () => desk.records().find(({ tick }) => tick === waits));
    assert.deepEqual([other.status, other.force], ['skipped', undefined]);
  });

  it('goes past a pause also where the tick was written by hand, under a name of its own', async () => {
    const desk = createDesk();
    desk.shell('duty', 'echo done');
    await desk.own();
    await desk.ask('pause', 'duty');
    const waits = await desk.enqueue('duty');
    desk.put('state/cadence-bus/inbox/by-hand.json', '{"cadence":"duty","force":true}\n');
    await eventually('it has run', () => desk.records().some(({ cadence, force, status }) => cadence === 'duty' && force === true && status === 'succeeded'));
    assert.ok(
      desk.ls('waiting').some((file) => file.includes(waits)),
      'what was not forced still waits',
    );
  });

  it('is held by the pause of the bus, and told so, not by that of its cadence', async () => {
    const desk = createDesk();
    desk.shell('duty', 'echo done');
    await desk.own();
    await desk.ask('pause', 'duty', '--because', 'disk swap');
    await desk.ask('pause', '--because', 'holidays');
    const { tick } = (await desk.ask('run', 'duty', '--force', '--async')).said;
    const { said } = await desk.ask('show', String(tick));
    assert.deepEqual([said.status, said.reason], ['held', 'paused: holidays']);
  });

  it('runs beside a run under way, and ahead of what waits', async () => {
    const desk = createDesk();
    desk.shell('duty', 'echo "$CADENCE_TICK" >>order; while [ ! -e "$CADENCE_ROOT/go" ]; do sleep 0.02; done');
    await desk.own();
    const first = await desk.enqueue('duty');
    await eventually('the first runs', () => desk.ls('running').length === 1);
    const [second, forced] = [await desk.enqueue('duty'), String((await desk.ask('run', 'duty', '--force', '--async')).said.tick)];
    await eventually('the forced one runs beside it', () => desk.ls('running').length === 2);
    assert.deepEqual(desk.ls('running'), [`${first}-1`, `${forced}-1`].sort());
    desk.put('go', '');
    await eventually('all have ended', () => [first, second, forced].every((tick) => desk.records().some((run) => run.tick === tick)));
  });

  it('goes past neither halt, nor the pause of the bus, nor what its account earned', async () => {
    const desk = createDesk();
    desk.shell('duty', 'echo done', 'account: bucket');
    await desk.own();
    await desk.ask('breaker', 'trip', 'account:bucket');
    assert.equal(errorOf(await desk.ask('run', 'duty', '--force', '--timeout', '300ms')).code, 124);
    await desk.ask('pause');
    await desk.ask('breaker', 'reset', 'account:bucket');
    assert.equal(errorOf(await desk.ask('run', 'duty', '--force', '--timeout', '300ms')).code, 124);
    await desk.ask('halt');
    await desk.ask('resume');
    await eventually('both have run', () => desk.records().filter((run) => run.cadence === 'duty' && run.status === 'succeeded').length === 2);
  });

  it('says of one that waits that it waits, and no time of 1970', async () => {
    const desk = createDesk();
    desk.shell('duty', 'echo done');
    const preview = String((await desk.ask('run', 'duty', '--force', '--dry-run')).said.due_at ?? '');
    const { tick } = await enqueue('duty', { root: desk.root, force: true });
    const { code, said } = await desk.ask('show', tick);
    assert.deepEqual([code, said.status, said.cadence], [0, 'queued', 'duty']);
    for (const verb of ['show', 'status']) {
      const { stdout } = await desk.tell(...(verb === 'show' ? ['show', tick] : ['status', '--run', tick]));
      assert.ok(!stdout.includes('1970') && !JSON.stringify(said).includes('1970') && !preview.includes('1970'), stdout);
    }
  });

  it('is in the text of the tick: a name alone forces nothing, and needs an owner as little as every other', async () => {
    const desk = createDesk();
    desk.shell('duty', 'echo done', 'guard: { command: [sh, -c, "exit 1"] }');
    const { code, said } = await desk.ask('run', 'duty', '--force');
    assert.deepEqual([code, said.status], [0, 'succeeded']);
    utimesSync(desk.put('state/cadence-bus/inbox/old.json', '{"cadence":"duty"}\n'), 0, 0);
    await desk.own();
    const other = await eventually('the other one', () => desk.records().find(({ tick }) => tick !== said.tick));
    assert.deepEqual([other.status, other.force], ['skipped', undefined]);
  });
});
