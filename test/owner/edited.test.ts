import assert from 'node:assert/strict';
import { existsSync, readFileSync, renameSync } from 'node:fs';
import { describe, it } from 'node:test';
import { eventually } from '../support/eventually.ts';
import { createYard, finalRecord, type Yard } from './owner-yard.ts';

const BREAKER = ['retry: { attempts: 1 }', 'breaker: { failures: 1, open: 4h }'];

/** A cadence whose breaker has just opened for four hours, and a tick that waits behind it. */
async function held(yard: Yard): Promise<string> {
  yard.shell('ill', 'exit 3', ...BREAKER);
  await yard.start();
  await finalRecord(yard, await yard.enqueue('ill'));
  await eventually('the breaker is open', () => existsSync(yard.paths.circuit));
  return yard.enqueue('ill');
}

describe('M20 P35 an edit of a cadence says "try again now"', () => {
  it('by hand, while its owner lives: the breaker is closed, what waits runs, and the journal says why', async () => {
    const yard = createYard();
    const tick = await held(yard);
    yard.shell('ill', 'echo mended', ...BREAKER);
    assert.equal((await finalRecord(yard, tick)).summary, 'mended');
    const [event] = yard.events('breaker_reset');
    assert.deepEqual([event?.cadence, event?.because], ['ill', 'its definition was edited']);
    assert.ok(!existsSync(yard.paths.circuit));
  });

  it('by command, while no owner lives: the next one does it', async () => {
    const yard = createYard();
    const owner = await (async () => {
      yard.shell('ill', 'exit 3', ...BREAKER);
      return yard.start();
    })();
    await finalRecord(yard, await yard.enqueue('ill'));
    await eventually('the breaker is open', () => existsSync(yard.paths.circuit));
    owner.kill('SIGTERM');
    await owner.ended;
    const tick = await yard.enqueue('ill');
    assert.equal((await yard.cli('edit', 'ill', '--command', 'echo mended')).code, 0);
    await yard.start();
    assert.equal((await finalRecord(yard, tick)).summary, 'mended');
  });

  it('but not what an operator holds open, and not the return of a file that was missing', async () => {
    const yard = createYard();
    const program = yard.put('fail.sh', '#!/bin/sh\nexit 3\n', 0o755);
    yard.cadence('ill', 'run: { command: [./fail.sh] }', ...BREAKER);
    yard.shell('tripped', 'true');
    await yard.start();
    await finalRecord(yard, await yard.enqueue('ill'));
    assert.equal((await yard.cli('breaker', 'trip', 'tripped')).code, 0);
    renameSync(program, `${program}.away`);
    yard.shell('tripped', 'echo edited');
    yard.cadence('ill', 'run: { command: [./fail.sh] }', ...BREAKER, '# touched while the program was away');
    await eventually('it is broken', () => yard.events('config_broken').some(({ cadence }) => cadence === 'ill'));
    renameSync(`${program}.away`, program);
    yard.put('cadences/bus.yaml', 'lanes: { command: 5 }\n');
    await eventually('it is right again', () => yard.events('config_healed').some(({ cadence }) => cadence === 'ill'));
    await eventually('the other is taken up', () => yard.events('config_changed').some(({ cadence }) => cadence === 'tripped'));
    assert.deepEqual(yard.events('breaker_reset'), []);
    const { open } = JSON.parse(readFileSync(yard.paths.circuit, 'utf8')) as { open: Record<string, { state: string }> };
    assert.deepEqual([open.ill?.state, open.tripped?.state], ['open', 'isolated']);
  });
});
