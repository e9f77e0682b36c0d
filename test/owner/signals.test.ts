import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import { eventually } from '../support/eventually.ts';
import { isAlive } from '../support/owner-cli.ts';
import { childOf, createYard, finalRecord, type Yard } from './owner-yard.ts';

const WAITS = 'echo begun; while [ ! -e "$CADENCE_ROOT/go" ]; do sleep 0.05; done; echo ended';

const ownerState = (yard: Yard): Record<string, unknown> => JSON.parse(readFileSync(yard.paths.owner, 'utf8'));

describe('an owner that is told to end', () => {
  for (const signal of ['SIGTERM', 'SIGINT'] as const) {
    it(`ends with 0 on ${signal}, says so in owner.json, and its child goes on to be adopted`, async () => {
      const yard = createYard();
      yard.shell('slow', WAITS);
      const owner = await yard.start();
      const tick = await yard.enqueue('slow');
      const pid = await childOf(yard);
      owner.kill(signal);
      const { code, stderr } = await owner.ended;
      assert.equal(code, 0, stderr);
      assert.equal(ownerState(yard).state, 'stopped');
      assert.ok(isAlive(pid), 'the child goes on');
      await yard.start();
      await eventually('the child is adopted', () => yard.events('subsession_adopted')[0]);
      yard.put('go', '');
      assert.equal((await finalRecord(yard, tick)).status, 'succeeded');
    });
  }

  for (const [signal, code] of [
    ['SIGINT', 130],
    ['SIGTERM', 143],
  ] as const) {
    it(`does not call drained what ${signal} has ended before all had run, and ends with ${code}`, async () => {
      const yard = createYard();
      yard.shell('slow', WAITS);
      await yard.cli('enqueue', 'slow');
      const owner = yard.spawn(['start', '--drain', '--json']);
      const pid = await childOf(yard);
      owner.kill(signal);
      const { code: ended, stdout } = await owner.ended;
      const { ok, drained, because, succeeded } = JSON.parse(stdout);
      assert.deepEqual([ended, ok, drained, succeeded], [code, false, false, 0]);
      assert.match(because, signal === 'SIGINT' ? /from the keyboard/ : /SIGTERM/);
      yard.put('go', '');
      assert.equal((await yard.cli('start', '--drain')).code, 0);
      await eventually('the child has ended', () => !isAlive(pid));
    });
  }

  it('says of a drain how much it has left behind, for that is not done', async () => {
    const yard = createYard();
    yard.shell('well', 'true');
    await yard.cli('pause', 'well');
    for (const payload of [1, 2]) await yard.cli('enqueue', 'well', '--payload', String(payload));
    const held = await yard.json('start', '--drain');
    assert.deepEqual([held.code, held.drained, held.succeeded, held.waiting], [0, true, 0, 2]);
    await yard.cli('resume', 'well');
    const { stdout } = await yard.cli('start', '--drain');
    assert.match(stdout, /^Drained: \d succeeded, 0 failed attempts, 0 dead\.$/m);
  });

  it('goes on when its terminal is gone (SIGHUP)', async () => {
    const yard = createYard();
    yard.inline('hello', 'return "hello";');
    const owner = await yard.start();
    owner.kill('SIGHUP');
    const tick = await yard.enqueue('hello');
    assert.equal((await finalRecord(yard, tick)).summary, 'hello');
    assert.ok(!owner.hasEnded());
  });

  it('D31 ends at once with 130 when Ctrl-C is pressed again, and with 143 for a second SIGTERM', async () => {
    for (const [signal, code] of [
      ['SIGINT', 130],
      ['SIGTERM', 143],
    ] as const) {
      const yard = createYard();
      yard.inline('deaf', 'context.log("begun"); await new Promise((go) => setTimeout(go, 600_000));', 'kill_grace: 10m');
      const owner = await yard.start();
      const tick = await yard.enqueue('deaf');
      await eventually('the handler has begun', () => yard.ls('subsessions')[0]);
      owner.kill(signal);
      // Nothing outside tells that the first signal was heard: the socket is closed only at the very end.
      await eventually('the owner is stopping', async () => (await yard.cli('status')).stdout.includes('running') && !owner.hasEnded());
      owner.kill(signal);
      assert.equal((await owner.ended).code, code);
      await yard.start();
      const record = await eventually('the run is recorded', () => yard.records().find((run) => run.tick === tick));
      assert.deepEqual([record.status, record.attempt], ['interrupted', 1]);
    }
  });
});
