import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { createDesk, type Desk } from '../support/cli.ts';

/** What `install` leaves behind: here only that it was here matters. */
function installed(): Desk {
  const desk = createDesk();
  desk.shell('job', 'echo done');
  desk.put('state/cadence-bus/installed.json', '{"format":1}\n');
  return desk;
}

const round = (at: Date, more: object = {}): string =>
  JSON.stringify({
    format: 1,
    at: at.toISOString(),
    ok: true,
    interval_ms: 3_600_000,
    enabled: true,
    because: '',
    reloads: {},
    told: {},
    diagnosed: {},
    ...more,
  });

describe('P30 every command warns a person, in one line', () => {
  it('of an owner that is installed and does not run; with --json it is silent', async () => {
    const desk = installed();
    for (const words of [['list'], ['status'], ['runs'], ['check'], ['enqueue', 'job']]) {
      const { stderr } = await desk.tell(...words);
      const warnings = stderr.split('\n').filter((line) => line.startsWith('! '));
      assert.deepEqual(warnings, ['! no owner is running, though it is installed. cadence-bus heartbeat starts it, or says why not'], words.join(' '));
      assert.equal((await desk.tell(...words, '--json')).stderr, '');
    }
    await desk.own();
    assert.doesNotMatch((await desk.tell('list')).stderr, /^! /m);
  });

  it('says nothing of an owner where none is installed', async () => {
    const desk = createDesk();
    desk.shell('job', 'true');
    assert.doesNotMatch((await desk.tell('status')).stderr, /^! /m);
  });

  it('of timers that let slots pass, and of a watchman who does not come', async () => {
    const desk = installed();
    await desk.own();
    const warned = async (): Promise<string | undefined> => (await desk.tell('list')).stderr.split('\n').find((line) => line.startsWith('! '));
    desk.put('state/cadence-bus/late-timers.json', '{"format":1,"late":{"a-1":{"since":"x","slots":1},"b-2":{},"c-3":{},"d-4":{}}}');
    assert.match((await warned()) ?? '', /^! timers of a-1, b-2, c-3 and 1 more do not come; the owner fires the slots itself/);
    desk.put('state/cadence-bus/late-timers.json', 'no json');
    assert.equal(await warned(), undefined);
    desk.put('state/cadence-bus/heartbeat.json', round(new Date(Date.now() - 5 * 3_600_000)));
    assert.match((await warned()) ?? '', /^! the watchman was last here 5h ago, and comes every 1h\./);
    desk.put('state/cadence-bus/heartbeat.json', round(new Date(Date.now() - 90 * 60_000)));
    assert.equal(await warned(), undefined, 'he may be late once');
    desk.put('state/cadence-bus/heartbeat.json', round(new Date(0), { enabled: false }));
    assert.equal(await warned(), undefined, 'he is not to come');
    desk.put('state/cadence-bus/heartbeat.json', '[]');
    assert.equal(await warned(), undefined);
  });
});
