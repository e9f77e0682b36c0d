import assert from 'node:assert/strict';
import { it } from 'node:test';
import { type OwnerPorts, realPorts } from '../../lib/app/owner/ports.ts';
import { type BusEvent, CadenceError, type Consumer, startConsumer } from '../../lib/index.ts';
import { eventually } from '../support/eventually.ts';
import { startCli } from '../support/owner-cli.ts';
import { createYard, finalRecord, readIfThere } from './owner-yard.ts';

async function refusalOf(begin: () => Promise<Consumer>): Promise<CadenceError> {
  const thrown = await begin().then(
    () => assert.fail('there are two'),
    (error: unknown) => error,
  );
  assert.ok(thrown instanceof CadenceError, String(thrown));
  return thrown;
}

it('M5 startConsumer() is the one owner, tells what it did, and has freed the root when its stop() resolves', async () => {
  const yard = createYard();
  yard.inline('well', 'return "hello";');
  yard.shell('ill', 'exit 3', 'retry: { attempts: 2, delays: [0s] }');
  const events: BusEvent[] = [];
  const consumer = await startConsumer({ root: yard.root, onEvent: (event) => events.push(event) });
  const refused = await refusalOf(() => startConsumer({ root: yard.root }));
  assert.deepEqual([refused.code, refused.message.includes(String(process.pid))], ['held', true]);
  assert.equal((await yard.cli('start')).code, 75);

  await finalRecord(yard, await yard.enqueue('well'));
  await finalRecord(yard, await yard.enqueue('ill'));
  await eventually('nothing runs any more', () => consumer.getStats().running.length === 0);
  const { started_at, last_decision, ...counts } = consumer.getStats();
  assert.ok(Date.parse(started_at) <= Date.now());
  assert.deepEqual([last_decision?.stage, last_decision?.cadence], ['dead_lettered', 'ill']);
  assert.deepEqual(counts, {
    ...{ inline: 1, escalated: 2, succeeded: 1, failed: 2, retries: 1, deferred: 0, dlq: 1, spawn_failures: 0 },
    running: [],
  });

  await consumer.stop('the test is over');
  assert.equal(await consumer.ended, 'the test is over');
  assert.equal(events.at(-1)?.stage, 'owner_stopped');
  await yard.enqueue('well');
  const next = await startConsumer({ root: yard.root });
  await eventually('the next one runs what came meanwhile', () => next.getStats().succeeded === 1);
  await next.stop();
});

it('a handler that asks for a tick after a time nobody understands, or by an option that is not there, fails, and drops none', async () => {
  const yard = createYard();
  const asked = ["{ in: 'soon' }", '{ in: 600 }', '{ delayMs: 600000 }', "{ in: '10m', key: undefined }"];
  for (const [index, options] of asked.entries()) yard.inline(`ask-${index}`, `await context.enqueue('later', ${options});`, 'retry: { attempts: 1 }');
  yard.shell('later', 'exit 0');
  const consumer = await startConsumer({ root: yard.root });
  const ends: Awaited<ReturnType<typeof finalRecord>>[] = [];
  for (const index of asked.keys()) ends.push(await finalRecord(yard, await yard.enqueue(`ask-${index}`)));
  await consumer.stop();
  assert.deepEqual(
    ends.map(({ status }) => status),
    ['dead', 'dead', 'dead', 'succeeded'],
  );
  assert.match(ends[0]?.reason ?? '', /enqueue is to wait for "soon", which is no duration/);
  assert.match(ends[1]?.reason ?? '', /enqueue is to wait for 600, which is no duration/);
  assert.match(ends[2]?.reason ?? '', /there is no option "delayMs" of enqueue here/);
  const dropped = [...yard.ls('inbox'), ...yard.ls('waiting'), ...yard.ls('dlq')].filter((file) => file.includes('.later.'));
  assert.equal(dropped.length, 1, dropped.join(' '));
});

it('refuses an option that it does not know: the root that an agentRoot names would be passed over for the nearest one', async () => {
  const yard = createYard();
  const wrong = [
    { agentRoot: yard.root },
    { root: yard.root, onevent: () => undefined },
    { root: yard.root, onEvent: 5 },
    { root: yard.root, takeOver: 'yes' },
  ];
  for (const options of wrong) {
    const { code, hint } = await refusalOf(() => startConsumer(options as object));
    assert.deepEqual([code, hint.slice(0, 42)], ['bad_data', 'Its options are root, takeOver and onEvent']);
  }
});

it('a handler that is stopped with its owner is interrupted for that, charged nothing, and no halt is made up', async () => {
  const yard = createYard();
  yard.inline('long', 'context.log("at work"); await new Promise((end) => context.signal.addEventListener("abort", end));');
  const consumer = await startConsumer({ root: yard.root });
  await yard.enqueue('long');
  await eventually('it is at work', () => yard.ls('subsessions').length > 0);
  await consumer.stop();
  const [record] = yard.records();
  assert.deepEqual([record?.status, record?.reason], ['interrupted', 'stopped, for its owner was: a handler ends with it']);
  assert.match(yard.ls('waiting').join(' '), /\.long\.\w+\.0\.json$/);
});

it('a fault that nobody can handle ends the consumer, is told by `ended`, and leaves the root free for the next one', async () => {
  const yard = createYard();
  yard.shell('ill', 'exit 3', 'retry: { attempts: 1 }');
  const openLog: OwnerPorts['openLog'] = () => ({
    write({ stage }) {
      if (stage === 'subsession_failed') throw new Error('a bug of ours');
    },
    close: () => undefined,
  });
  const options = { root: yard.root, ports: { ...realPorts(), openLog } };
  const consumer = await startConsumer(options);
  const ended = assert.rejects(consumer.ended, /^Error: a bug of ours$/);
  const tick = await yard.enqueue('ill');
  await ended;
  assert.equal(JSON.parse(readIfThere(yard.paths.owner)).because, 'it met a fault: a bug of ours');
  const next = await startConsumer({ root: yard.root });
  await finalRecord(yard, tick);
  await next.stop();
  await consumer.stop();
  assert.equal(yard.records().filter((run) => run.tick === tick).length, 1);
});

for (const [how, listener] of [
  ['throws', () => assert.fail('a bug of the listener')],
  ['rejects', async () => assert.fail('a bug of the listener')],
] as const)
  it(`a listener that ${how} at every event ends nobody: it is told once, and hears all that follows`, async () => {
    const yard = createYard();
    yard.inline('well', 'return "hello";');
    const heard: string[] = [];
    const consumer = await startConsumer({
      root: yard.root,
      onEvent: ({ stage }) => {
        heard.push(stage);
        return listener();
      },
    });
    await finalRecord(yard, await yard.enqueue('well'));
    await consumer.stop('the test is over');
    assert.equal(await consumer.ended, 'the test is over');
    assert.deepEqual([heard.includes('run_finished'), heard.at(-1)], [true, 'owner_stopped']);
    const told = yard.events('listener_failed');
    assert.equal(told.length, 1);
    assert.match(String(told[0]?.because), /a bug of the listener/);
  });

it('what a handler throws when nobody waits for it any more ends the owner, and is told as what it died of', async () => {
  const yard = createYard();
  yard.inline('late', 'setTimeout(() => { throw new Error("thrown later: " + process.env.CB_LATE_TOKEN); }, 1); return "well";');
  await yard.enqueue('late');
  const owner = startCli(['start', '--root', yard.root], { env: { CB_LATE_TOKEN: 'late-secret-0123456789' } });
  assert.notEqual((await owner.ended).code, 0);
  const [status, why, doctor] = await Promise.all([yard.cli('status'), yard.cli('why'), yard.cli('doctor')]);
  assert.match(status.stdout, /the last one \(process \d+, since \S+\) died: thrown later: \[redacted CB_LATE_TOKEN\] \(\S+:\d+:\d+\)/);
  assert.match(why.stdout, /died: thrown later/);
  assert.match(doctor.stdout, /died: thrown later/);
});
