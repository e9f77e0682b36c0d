import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import { eventually } from '../support/eventually.ts';
import { isAlive, stateOf } from '../support/owner-cli.ts';
import { createYard, finalRecord } from './owner-yard.ts';

describe('two owners of one root', () => {
  it('do not exist: the second ends with 75 and names the first', async () => {
    const yard = createYard();
    const first = await yard.start();
    const second = await yard.cli('start');
    assert.equal(second.code, 75);
    assert.match(second.stderr, new RegExp(`owned by process ${first.pid}\\b`));
    const asJson = await yard.json('start');
    assert.deepEqual([asJson.code, (asJson.error as { code: string }).code], [75, 'held']);
    assert.ok(!first.hasEnded());
  });

  it('do not exist either while the first is stopped; it is said, and --takeover ends it first', async () => {
    const yard = createYard();
    yard.inline('hello', 'return "hello";');
    const first = await yard.start();
    first.kill('SIGSTOP');
    await eventually('it is stopped', () => stateOf(first.pid) === 'T');
    const second = await yard.cli('start');
    assert.equal(second.code, 75);
    assert.match(second.stderr, new RegExp(`process ${first.pid}\\b.*does not answer`));
    const status = await yard.json('status');
    assert.deepEqual([(status.owner as { state: string }).state, (status.owner as { pid: number }).pid], ['silent', first.pid]);
    const third = await yard.start({}, '--takeover');
    await eventually('the first is gone', () => first.hasEnded());
    assert.match(third.stderr(), new RegExp(`process ${first.pid}, which owned it and did not answer, is ended`));
    const end = await first.ended;
    // It was told to end, and did so in good order as soon as it was let go on.
    assert.deepEqual([end.code, end.signal], [0, null]);
    const tick = await yard.enqueue('hello');
    await finalRecord(yard, tick);
    assert.equal(JSON.parse(readFileSync(yard.paths.owner, 'utf8')).pid, third.pid);
  });

  it('do not exist: a first that cannot end in good order is killed by --takeover, and its run is charged', async () => {
    const yard = createYard();
    yard.inline('blocks', 'context.log("begun"); for (;;);', 'retry: { attempts: 1 }');
    const first = await yard.start();
    const tick = await yard.enqueue('blocks');
    await eventually('the handler blocks', () => yard.ls('subsessions')[0]);
    await yard.start({}, '--takeover');
    assert.equal((await first.ended).signal, 'SIGKILL');
    const record = await finalRecord(yard, tick);
    assert.deepEqual([record.status, record.attempt], ['dead', 1]);
    await eventually('it lies in the dlq', () => yard.ls('dlq').find((file) => file.endsWith(`.${tick}.1.owner-died.json`)));
  });

  it('do not come of ten starts at once over the socket of a killed one', async () => {
    const yard = createYard();
    const killed = await yard.start();
    killed.kill('SIGKILL');
    await killed.ended;
    assert.ok(existsSync(`${yard.paths.state}/owner.sock`), 'its socket still lies there');
    const all = Array.from({ length: 10 }, () => yard.spawn(['start']));
    await eventually('all but one have ended', () => all.filter((one) => one.hasEnded()).length === 9);
    const [owner, ...others] = [...all].sort((one, other) => Number(one.hasEnded()) - Number(other.hasEnded()));
    for (const other of others) assert.equal((await other.ended).code, 75, other.stderr());
    await eventually('it owns the root', () => owner?.stderr().includes('owns'));
    assert.equal(JSON.parse(readFileSync(yard.paths.owner, 'utf8')).pid, owner?.pid);
    assert.ok(isAlive(owner?.pid as number));
  });
});

it('M30 owners of two roots live side by side: each runs its own ticks, and a halt, a key and an end are of one root alone', async () => {
  const [one, other] = [createYard(), createYard()];
  for (const yard of [one, other]) yard.inline('well', 'return context.root;');
  const [first, second] = [await one.start(), await other.start()];
  const ends = await Promise.all([one, other].map(async (yard) => finalRecord(yard, await yard.enqueue('well', { key: 'the same' }))));
  assert.deepEqual(
    ends.map(({ status, summary }) => [status, summary]),
    [one, other].map(({ root }) => ['succeeded', root]),
  );
  one.put('state/cadence-bus/halt', '');
  await eventually('one is halted', () => one.events('halted').length === 1);
  assert.equal((await finalRecord(other, await other.enqueue('well'))).status, 'succeeded');
  first.kill('SIGTERM');
  await first.ended;
  assert.ok(!second.hasEnded());
  assert.equal((await finalRecord(other, await other.enqueue('well'))).status, 'succeeded');
  assert.deepEqual([one.records().length, other.records().length], [1, 3]);
});

it('owners of two roots end only their own of two runs that bear one id, for it was made of the same key or slot', async () => {
  const yards = [createYard(), createYard()] as const;
  const [one, other] = yards;
  for (const yard of yards) {
    yard.shell('slow', 'echo begun > "$CADENCE_NAME.$CADENCE_KEY"; while [ ! -e "$CADENCE_ROOT/$CADENCE_KEY" ]; do sleep 0.02; done');
    await yard.start();
  }
  const ask = async (key: string): Promise<string> => {
    const [tick = '', same] = await Promise.all(yards.map((yard) => yard.enqueue('slow', { key })));
    assert.equal(tick, same);
    for (const { root } of yards) await eventually('both run', () => existsSync(`${root}/slow.${key}`));
    return tick;
  };
  const first = await ask('first');
  one.put('first', '');
  assert.equal((await finalRecord(one, first)).survivors, undefined);
  other.put('first', '');
  await finalRecord(other, first);

  const second = await ask('second');
  await one.spawn(['cancel', second]).ended;
  assert.equal((await finalRecord(one, second)).status, 'cancelled');
  other.put('second', '');
  assert.equal((await finalRecord(other, second)).status, 'succeeded');
});
