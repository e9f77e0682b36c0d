import assert from 'node:assert/strict';
import { chmodSync, statSync } from 'node:fs';
import { describe, it } from 'node:test';
import { createDesk, errorOf } from '../support/cli.ts';

describe('D3 D31 P36 --dry-run', () => {
  const desk = createDesk();
  desk.shell('well', 'touch ran');
  desk.shell('ill', 'exit 3', 'retry: { attempts: 1, delays: [0s] }');
  const ids = (async () => {
    const dead = (await desk.ask('run', 'ill')).said.tick as string;
    const waits = await desk.enqueue('well', '--in', '1h');
    await desk.ask('pause', 'well');
    return { dead, waits };
  })();

  const verbs: readonly string[] = [
    'start',
    'start --drain --takeover',
    'doctor',
    'doctor --fix',
    'enqueue well --payload {"a":1} --key k --in 5m --expires 1h',
    'run well',
    'run well --async',
    'cancel WAITS',
    'cancel WAITS-1',
    'dlq retry DEAD',
    'dlq retry --all',
    'dlq purge DEAD',
    'dlq purge --cadence ill',
    'breaker trip well --because x',
    'breaker reset ill',
    'breaker reset --all',
    'pause',
    'pause ill',
    'resume',
    'resume well',
    'halt',
    'halt --kill',
  ];
  for (const verb of verbs) {
    it(`of "${verb}" changes nothing, says what would be done and exits 2`, async () => {
      const { dead, waits } = await ids;
      const words = verb.replace('WAITS', waits).replace('DEAD', dead).split(' ');
      const before = desk.tree();
      const { code, said } = await desk.ask(...words, '--dry-run');
      assert.deepEqual([code, said.ok, said.dry_run], [2, true, true]);
      const told = await desk.tell(...words, '--dry-run');
      assert.equal(told.code, 2);
      assert.match(told.stdout, /^Would /);
      assert.deepEqual(desk.tree(), before);
    });
  }

  it('makes no folder in a root where nothing was ever enqueued', async () => {
    const fresh = createDesk();
    fresh.shell('well', 'true');
    const before = fresh.tree();
    for (const words of ['enqueue well', 'run well', 'pause', 'resume', 'halt', 'breaker reset --all', 'dlq retry --all', 'dlq purge --all'])
      assert.equal((await fresh.ask(...words.split(' '), '--dry-run')).code, 2, words);
    assert.deepEqual(fresh.tree(), before);
  });

  it('of doctor --fix names what it would mend, and leaves it', async () => {
    const sick = createDesk();
    sick.shell('well', 'true');
    await sick.ask('run', 'well');
    chmodSync(sick.paths.state, 0o755);
    const { said } = await sick.ask('doctor', '--fix', '--dry-run');
    assert.deepEqual(
      (said.fixes as { id: string }[]).map(({ id }) => id),
      ['access'],
    );
    assert.equal(statSync(sick.paths.state).mode & 0o777, 0o755);
  });

  it('of start is refused where somebody owns the root', async () => {
    const owned = createDesk();
    owned.shell('well', 'true');
    const { info } = await owned.own();
    const { code, message } = errorOf(await owned.ask('start', '--dry-run'));
    assert.equal(code, 75);
    assert.match(message, new RegExp(`process ${info.pid}\\b`));
  });

  it('refuses what would be refused without it', async () => {
    for (const [words, code] of [
      ['enqueue Well', 65],
      ['enqueue well --key=', 65],
      ['enqueue well --slot never', 65],
      ['run nobody', 66],
      ['pause nobody', 66],
      ['cancel x7k2p9qd4mzt', 66],
      ['dlq retry x7k2p9qd4mzt', 66],
    ] as const)
      assert.equal((await desk.ask(...words.split(' '), '--dry-run')).code, code, words);
  });
});
