import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { createClaimsCheck } from '../../lib/doctor/claims.ts';
import { createDeadLettersCheck } from '../../lib/doctor/dead-letters.ts';
import { createOwnerCheck } from '../../lib/doctor/owner.ts';
import { createOwnerVersionCheck } from '../../lib/doctor/owner-version.ts';
import { createPausesCheck } from '../../lib/doctor/pauses.ts';
import type { OwnerState } from '../../lib/ports.ts';
import { HOUR_MS, holdsWith, OWNER, owned, stateOf, unowned, whole, yard } from './yard.ts';

const NOW = Date.UTC(2026, 10, 20, 8);
const clock = { nowMs: () => NOW };
const tick = (dueMs: number, id = 'x7k2p9qd4mzt') => ({ dueMs, cadence: 'backup', id, attempts: 0 });

describe('the check of the owner', () => {
  const inspect = (owner: () => Promise<OwnerState>, pending = [tick(NOW - 1)], foreign = 0, storage: string | undefined = undefined) =>
    createOwnerCheck({ clock, owner, storage: async () => storage, pending: () => pending, foreign: () => foreign }).inspect();

  it('is well while one answers, whatever waits', async () => {
    assert.deepEqual(await inspect(stateOf('answers')), { level: 'ok', detail: 'running: process 4242, since 2026-11-20T07:00:00.000Z' });
  });

  it('fails where its disk refuses, though nothing waits', async () => {
    const { level, detail } = await inspect(stateOf('answers'), [], 0, 'cannot append to slots: EROFS');
    assert.equal(level, 'fail');
    assert.match(detail, /its disk refuses, and nothing new is started until it is well: cannot append to slots: EROFS$/);
  });

  it('fails with a silent one, and says how to take over', async () => {
    const { level, mend } = await inspect(stateOf('silent'));
    assert.deepEqual([level, mend], ['fail', 'cadence-bus start --takeover']);
  });

  it('fails where ticks wait and nobody runs the bus, also files that are not taken in yet', async () => {
    const stopped = stateOf('none', { ...OWNER, state: 'stopped', because: 'drained' });
    assert.deepEqual(await inspect(stopped), {
      level: 'fail',
      detail: '1 tick waits and nobody runs the bus (the last one stopped: drained)',
      mend: 'cadence-bus start',
    });
    assert.match(
      (await inspect(async () => ({ kind: 'none', info: undefined }), [tick(NOW), tick(NOW + 1)], 2)).detail,
      /^3 ticks wait .*none has run here yet/,
    );
  });

  it('is well where nothing is due and the last one stopped, or none ever ran', async () => {
    assert.equal((await inspect(stateOf('none', { ...OWNER, state: 'stopped' }), [tick(NOW + 1)])).level, 'ok');
    assert.equal((await inspect(async () => ({ kind: 'none', info: undefined }), [])).level, 'ok');
  });

  it('warns where the last one died', async () => {
    const { level, detail, mend } = await inspect(stateOf('none'), []);
    assert.deepEqual([level, mend], ['warn', 'cadence-bus start']);
    assert.match(detail, /process 4242, died; nothing waits/);
  });
});

describe("the check of the owner's version", () => {
  const inspect = (owner: () => Promise<OwnerState>, version: string) => createOwnerVersionCheck({ owner, version }).inspect();

  it('warns where a living one runs another program', async () => {
    assert.deepEqual(await inspect(stateOf('answers'), '0.2.0'), {
      level: 'warn',
      detail: 'the owner runs 0.1.0, this program is 0.2.0',
      mend: 'kill 4242 && cadence-bus start',
    });
  });

  it('is well with the same, and with one that is gone', async () => {
    assert.equal((await inspect(stateOf('answers'), '0.1.0')).level, 'ok');
    assert.equal((await inspect(stateOf('none'), '0.2.0')).level, 'ok');
  });
});

describe('the check of pauses', () => {
  const at = (agoMs: number): string => new Date(NOW - agoMs).toISOString();
  const inspect = (holds: ReturnType<typeof holdsWith>, place = yard()) =>
    createPausesCheck({ clock, files: place.files, paths: place.paths, holds: () => whole(holds) }).inspect();

  it('is well without one, and with a short one', async () => {
    assert.deepEqual(await inspect(holdsWith({})), { level: 'ok', detail: 'nothing is paused' });
    assert.match((await inspect(holdsWith({}, { 'cadence:backup': { since: at(60_000), because: '' } }))).detail, /less than an hour: backup is paused/);
  });

  it('warns of a long one with since, why, and how it ends', async () => {
    const { level, detail, mend } = await inspect(holdsWith({}, { 'cadence:backup': { since: at(25 * HOUR_MS), because: 'disk swap' } }));
    assert.deepEqual([level, mend], ['warn', 'cadence-bus resume backup']);
    assert.equal(detail, `backup is paused since ${at(25 * HOUR_MS)} (1d 1h): disk swap`);
    assert.equal((await inspect(holdsWith({}, { bus: { since: at(HOUR_MS), because: '' } }))).mend, 'cadence-bus resume');
  });

  it('warns of what an operator holds open', async () => {
    const { mend } = await inspect(holdsWith({ 'cadence:backup': { state: 'isolated', failures: 0, since: at(HOUR_MS), because: 'by hand' } }));
    assert.equal(mend, 'cadence-bus breaker reset backup');
  });

  it('warns of a halt at once, with its words; touch is enough', async () => {
    for (const [text, ending] of [
      ['disk is full\nand more', ': disk is full'],
      ['', ')'],
    ] as const) {
      const place = yard();
      place.put(place.paths.halt, text);
      const { level, detail, mend } = await inspect(holdsWith({}), place);
      assert.deepEqual([level, mend], ['warn', 'cadence-bus resume']);
      assert.ok(detail.startsWith('everything is halted since') && detail.endsWith(ending), detail);
    }
  });
});

describe('the check of claims', () => {
  it('is well without one and with a living owner, and warns without', async () => {
    const claimed = () => [tick(NOW)];
    assert.equal((await createClaimsCheck({ claimed: () => [], isOwned: unowned }).inspect()).level, 'ok');
    assert.equal((await createClaimsCheck({ claimed, isOwned: owned }).inspect()).level, 'ok');
    const { level, detail, mend } = await createClaimsCheck({ claimed, isOwned: unowned }).inspect();
    assert.deepEqual([level, mend], ['warn', 'cadence-bus start']);
    assert.match(detail, /^1 tick was claimed .* backup x7k2p9qd4mzt; the next start/);
  });
});

describe('the check of dead ticks', () => {
  it('is well without one, and names the three newest of many', async () => {
    const dead = (count: number) => () =>
      Array.from({ length: count }, (_x, index) => ({ name: { ...tick(NOW + index, `tick0000000${index}`), reason: 'exhausted' as const } }));
    assert.equal((await createDeadLettersCheck({ dead: dead(0) }).inspect()).level, 'ok');
    const { level, detail, mend } = await createDeadLettersCheck({ dead: dead(5) }).inspect();
    assert.deepEqual([level, mend], ['warn', 'cadence-bus dlq']);
    assert.equal(detail, '5 ticks, the newest: backup tick00000004 (exhausted), backup tick00000003 (exhausted), backup tick00000002 (exhausted)');
  });
});
