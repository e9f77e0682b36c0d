import assert from 'node:assert/strict';
import { mkdirSync, rmSync } from 'node:fs';
import { describe, it } from 'node:test';
import { eventually } from '../support/eventually.ts';
import { createYard, finalRecord, type Yard } from './owner-yard.ts';

async function said(yard: Yard, name: string): Promise<string> {
  return (await finalRecord(yard, await yard.enqueue(name))).summary;
}

describe('definitions that change while the owner runs', () => {
  it('a broken edit leaves the last good version running, says path, line and column, and heals', async () => {
    const yard = createYard();
    yard.shell('words', 'echo first');
    const owner = await yard.start();
    assert.equal(await said(yard, 'words'), 'first');
    yard.put('cadences/words.yaml', 'run: { shell: true, command: "echo second" }\ntimeout: soon\n');
    const broken = await eventually('it is told', () => yard.events('config_broken')[0]);
    assert.equal(broken.where, `${yard.paths.cadences}/words.yaml:2:10`);
    await eventually('its terminal too', () => /cadences\/words\.yaml:2:10: .*The last good version goes on/.test(owner.stderr()));
    assert.equal(await said(yard, 'words'), 'first');
    yard.put('cadences/words.yaml', 'run: { shell: true, command: "echo third" }\n');
    await eventually('it is healed', () => yard.events('config_healed')[0]);
    await eventually('its terminal too', () => /words is right again/.test(owner.stderr()));
    assert.equal(await said(yard, 'words'), 'third');
    assert.ok(!owner.hasEnded());
  });

  it('a file that has no name of a cadence is told at the start, by an edit and in status, for nothing of it runs', async () => {
    const yard = createYard();
    yard.put('cadences/my_job.yaml', 'run: { command: ["true"] }\n');
    const owner = await yard.start();
    const told = await eventually('it is told', () => yard.events('config_broken')[0]);
    assert.deepEqual([told.cadence, told.where], ['my_job.yaml', `${yard.paths.cadences}/my_job.yaml:1:1`]);
    yard.put('cadences/Other.yaml', 'run: { command: ["true"] }\n');
    await eventually('that is told, too', () => yard.events('config_broken')[1]);
    const line = /cadences\/my_job\.yaml:1:1: "my_job" is not a cadence name\. It defines nothing until it is renamed/;
    await eventually('its terminal too', () => line.test(owner.stderr()));
    const status = yard.spawn(['status', '--json']);
    await status.ended;
    assert.deepEqual(
      (JSON.parse(status.stdout()).misnamed as string[]).map((problem) => /\w+\.yaml(?=:1:1)/.exec(problem)?.[0]),
      ['Other.yaml', 'my_job.yaml'],
    );
  });

  it('a new file is known without a restart, also to a tick that comes in the same moment', async () => {
    const yard = createYard();
    await yard.start();
    yard.shell('new', 'echo here');
    assert.equal(await said(yard, 'new'), 'here');
    assert.deepEqual(yard.ls('dlq'), []);
  });

  it('a tick of a file that was removed goes to the dlq as unknown-cadence, and can be revived when it is back', async () => {
    const yard = createYard();
    yard.shell('gone', 'echo here');
    await yard.start();
    assert.equal(await said(yard, 'gone'), 'here');
    rmSync(`${yard.paths.cadences}/gone.yaml`);
    await eventually('it is told', () => yard.events('config_changed').find((event) => event.change === 'removed'));
    const tick = await yard.enqueue('gone');
    const dead = await eventually('it lies in the dlq', () => yard.ls('dlq').find((file) => file.endsWith(`.gone.${tick}.0.unknown-cadence.json`)));
    assert.ok(dead);
    yard.shell('gone', 'echo back');
    const retried = await yard.cli('dlq', 'retry', tick);
    assert.equal(retried.code, 0, retried.stderr);
    await eventually('it has run', () => yard.records().find((run) => run.tick === tick && run.summary === 'back'));
  });

  it('a drop zone that is removed and made anew is watched on, though it may get the inode of the old one', async () => {
    const yard = createYard();
    yard.inline('hello', 'return "hello";');
    await yard.start();
    assert.equal(await said(yard, 'hello'), 'hello');
    for (let time = 0; time < 3; time += 1) {
      rmSync(yard.paths.inbox, { recursive: true });
      mkdirSync(yard.paths.inbox, { mode: 0o700 });
      // Written by hand and not by a producer, who would tell the owner.
      yard.put(`state/cadence-bus/inbox/by-hand-${time}.json`, '{"cadence":"hello","source":"hand"}\n');
      await eventually('it has run', () => yard.records().length === time + 2);
    }
  });

  it('a folder that is replaced as a whole, as by git checkout, is watched on', async () => {
    const yard = createYard();
    yard.shell('words', 'echo first');
    await yard.start();
    assert.equal(await said(yard, 'words'), 'first');
    rmSync(yard.paths.cadences, { recursive: true });
    yard.shell('words', 'echo second');
    await eventually('the second is taken up', async () => (await said(yard, 'words')) === 'second');
    yard.shell('words', 'echo third');
    await eventually('the third is taken up', async () => (await said(yard, 'words')) === 'third');
    assert.deepEqual(yard.ls('dlq'), []);
  });
});
