import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import { type CircuitView, circuitView } from '../../lib/core/circuit-view.ts';
import type { Holds } from '../../lib/core/holds.ts';
import { toIso } from '../../lib/core/time/instant.ts';
import { FIX } from '../../lib/doctor/check.ts';
import { createCircuitFileCheck } from '../../lib/doctor/circuit-file.ts';
import { createCircuitsCheck } from '../../lib/doctor/circuits.ts';
import type { StateFile } from '../../lib/doctor/state-file.ts';
import { createStateFilesCheck } from '../../lib/doctor/state-files.ts';
import { HOUR_MS, holdsWith, openBreaker, owned, stateOf, unowned, whole, type Yard, yard } from './yard.ts';

const ABSENT = { kind: 'absent' } as const;
const BROKEN = { kind: 'broken', because: 'it is no JSON' } as const;

function readFile<T>(place: Yard, path: string): StateFile<T> {
  const found = place.files.read(path);
  return found?.kind === 'text' ? whole(JSON.parse(found.text) as T) : ABSENT;
}

/** The check over real files; `holds` and `view` are written where they are given. */
function circuitFile(place: Yard, holds: Holds | undefined, view: CircuitView | undefined, isOwned = unowned) {
  const { paths, files, clock } = place;
  if (holds !== undefined) place.put(paths.holds, holds);
  if (view !== undefined) place.put(paths.circuit, view);
  return createCircuitFileCheck({ clock, files, paths, isOwned, holds: () => readFile(place, paths.holds), circuit: () => readFile(place, paths.circuit) });
}

const inOneHour = (place: Yard): string => toIso(place.clock.nowMs() + HOUR_MS);

describe('M29 the check of circuit-open.json', () => {
  it('is well where both say the same, and where there is nothing to say', async () => {
    const place = yard();
    const holds = holdsWith({ 'cadence:backup': openBreaker(inOneHour(place)), 'account:main': openBreaker(inOneHour(place)) });
    assert.deepEqual(await circuitFile(place, holds, circuitView(holds, place.clock.nowMs())).inspect(), {
      level: 'ok',
      detail: 'it says what holds.json says: 2 open circuits',
    });
    assert.equal((await circuitFile(yard(), undefined, undefined).inspect()).level, 'ok');
    assert.equal((await circuitFile(yard(), holdsWith({}), undefined).inspect()).level, 'ok');
  });

  it('takes the passing of time for no disagreement', async () => {
    const place = yard();
    const holds = holdsWith({
      'cadence:backup': openBreaker(inOneHour(place)),
      'account:main': { state: 'blocked', failures: 1, until: inOneHour(place), because: 'quota', run_id: 'x7k2p9qd4mzt-1' },
    });
    const check = circuitFile(place, holds, circuitView(holds, place.clock.nowMs()));
    place.clock.advance(2 * HOUR_MS);
    assert.equal((await check.inspect()).level, 'ok');
  });

  it('fails where it lacks an opening, names one that is none, or is older than the holds', async () => {
    const place = yard();
    const holds = holdsWith({ 'cadence:backup': openBreaker(inOneHour(place)) });
    const now = place.clock.nowMs();
    const old = circuitView(holdsWith({ 'cadence:backup': { ...openBreaker(inOneHour(place)), failures: 2 } }), now);
    const more = circuitView(holdsWith({ ...holds.breakers, 'account:main': openBreaker(inOneHour(place)) }), now);
    for (const [view, words] of [
      [undefined, 'backup is open and not in it'],
      [more, 'account main is in it and not open'],
      [old, 'backup has the failures 2, not 3'],
    ] as const) {
      const { level, detail, mend } = await circuitFile(yard(), holds, view).inspect();
      assert.deepEqual([level, mend], ['fail', FIX]);
      assert.ok(detail.endsWith(words), detail);
    }
  });

  it('A40 is written anew from the holds, in the format of its readers, once', async () => {
    const place = yard();
    const holds = holdsWith({ 'cadence:backup': openBreaker(inOneHour(place)) });
    const check = circuitFile(place, holds, undefined);
    assert.equal(check.isOwnersWork, true);
    assert.match((await check.repair?.()) ?? '', /anew/);
    const written = JSON.parse(readFileSync(place.paths.circuit, 'utf8'));
    assert.deepEqual(written, circuitView(holds, place.clock.nowMs()));
    assert.equal((await check.inspect()).level, 'ok');
  });

  it('is removed where nothing is open', async () => {
    const place = yard();
    const view = circuitView(holdsWith({ 'cadence:backup': openBreaker(inOneHour(place)) }), place.clock.nowMs());
    const check = circuitFile(place, holdsWith({}), view);
    assert.equal((await check.inspect()).mend, FIX);
    await check.repair?.();
    assert.equal(existsSync(place.paths.circuit), false);
    assert.equal((await check.inspect()).level, 'ok');
  });

  it('is not judged by holds that are gone, and not washed away for it', async () => {
    const place = yard();
    const view = circuitView(holdsWith({ 'cadence:backup': openBreaker(inOneHour(place)) }), place.clock.nowMs());
    const check = circuitFile(place, undefined, view);
    const { level, detail, mend } = await check.inspect();
    assert.deepEqual([level, mend], ['fail', 'cadence-bus start']);
    assert.match(detail, /names backup/);
    assert.equal(await check.repair?.(), '');
    assert.equal(existsSync(place.paths.circuit), true);
  });

  it('fails where it is garbled; without it broken holds are another check’s red line', async () => {
    const place = yard();
    const { clock, files, paths } = place;
    const check = (holds: StateFile<Holds>, circuit: StateFile<CircuitView>) =>
      createCircuitFileCheck({ clock, files, paths, isOwned: unowned, holds: () => holds, circuit: () => circuit }).inspect();
    assert.equal((await check(whole(holdsWith({})), BROKEN)).mend, FIX);
    assert.equal((await check(BROKEN, BROKEN)).mend, 'cadence-bus start');
    assert.equal((await check(BROKEN, ABSENT)).level, 'warn');
  });

  it('gives a living owner the moment between its two writes', async () => {
    const place = yard();
    const holds = holdsWith({ 'cadence:backup': openBreaker(inOneHour(place)) });
    let moments = 0;
    const { clock, files, paths } = place;
    const after = (_ms: number, wake: () => void) => {
      moments += 1;
      place.put(paths.circuit, circuitView(holds, clock.nowMs()) ?? '');
      wake();
      return { close: () => undefined };
    };
    const check = createCircuitFileCheck({
      clock: { nowMs: clock.nowMs, after },
      files,
      paths,
      isOwned: owned,
      holds: () => whole(holds),
      circuit: () => readFile(place, paths.circuit),
    });
    assert.equal((await check.inspect()).level, 'ok');
    assert.equal(moments, 1);
  });

  it('is not fooled by names that every object has', async () => {
    const place = yard();
    const view = JSON.parse(
      `{"generated":"${toIso(place.clock.nowMs())}","open":{"__proto__":{"failures":1},"constructor":{"failures":1}},"accounts":{}}`,
    ) as CircuitView;
    const { clock, files, paths } = place;
    const { level, detail } = await createCircuitFileCheck({
      clock,
      files,
      paths,
      isOwned: unowned,
      holds: () => whole(holdsWith({})),
      circuit: () => whole(view),
    }).inspect();
    assert.equal(level, 'fail');
    assert.match(detail, /__proto__ is in it and not open, constructor is in it and not open/);
  });
});

describe('the check of circuits', () => {
  const inspect = (circuit: StateFile<CircuitView>, place: Yard, isOwned = unowned) =>
    createCircuitsCheck({ clock: place.clock, circuit: () => circuit, isOwned }).inspect();
  const viewAt = (until: string): StateFile<CircuitView> => whole(circuitView(holdsWith({ 'cadence:backup': openBreaker(until) }), 0) as CircuitView);

  it('is well where none is open', async () => {
    for (const circuit of [ABSENT, BROKEN, whole({ generated: '2026-11-20T07:00:00Z', open: {}, accounts: {} })])
      assert.equal((await inspect(circuit, yard())).level, 'ok');
  });

  it('warns of each with until when, after how many failures, and why', async () => {
    const place = yard();
    const until = inOneHour(place);
    assert.deepEqual(await inspect(viewAt(until), place), {
      level: 'warn',
      detail: `backup is open until ${until} after 3 failures (exit 3)`,
      mend: 'cadence-bus breaker ls',
    });
  });

  it('says that nobody probes what is over while no owner lives', async () => {
    const place = yard();
    const over = viewAt(toIso(place.clock.nowMs() - 1));
    const { detail, mend } = await inspect(over, place);
    assert.equal(mend, 'cadence-bus start');
    assert.match(detail, /of 1 circuit the time is over and nobody probes: the next start does$/);
    assert.equal((await inspect(over, place, owned)).mend, 'cadence-bus breaker ls');
  });

  it('tells no end of one that waits for its probe, for that lies in the past', async () => {
    const place = yard();
    const nowMs = place.clock.nowMs();
    const view = circuitView(holdsWith({ 'cadence:backup': openBreaker(toIso(nowMs - 1)) }), nowMs) as CircuitView;
    assert.equal((await inspect(whole(view), place, owned)).detail, 'backup is half open after 3 failures (exit 3)');
  });
});

describe('the check of the state files', () => {
  const inspect = (files: Readonly<Record<string, StateFile<unknown>>>, owner = stateOf('none')) =>
    createStateFilesCheck({ owner, files: () => files }).inspect();

  it('is well with whole and with absent ones', async () => assert.equal((await inspect({ a: ABSENT, b: whole(1) })).level, 'ok'));

  it('fails with each that cannot be read; a start, or a living owner’s end, makes it anew', async () => {
    assert.deepEqual(await inspect({ '/s/holds.json': BROKEN }), { level: 'fail', detail: '/s/holds.json: it is no JSON', mend: 'cadence-bus start' });
    assert.equal((await inspect({ '/s/holds.json': BROKEN }, stateOf('answers'))).mend, 'kill 4242 && cadence-bus start');
    assert.equal((await inspect({ '/s/owner.json': BROKEN }, async () => ({ kind: 'answers', info: undefined, tookMs: 1 }))).mend, 'cadence-bus start');
  });

  it('fails with what another than the owner writes, and names the command of that one, after what is the owner’s', async () => {
    const check = (file: StateFile<unknown>) =>
      createStateFilesCheck({
        owner: stateOf('answers'),
        files: () => ({ '/s/alerts.json': file }),
        others: () => ({ '/s/a.json': { file: ABSENT, mend: 'never' }, '/s/heartbeat.json': { file: BROKEN, mend: 'cadence-bus heartbeat' } }),
      }).inspect();
    assert.deepEqual(await check(whole(1)), { level: 'fail', detail: '/s/heartbeat.json: it is no JSON', mend: 'cadence-bus heartbeat' });
    const { detail, mend } = await check(BROKEN);
    assert.deepEqual([detail, mend], ['/s/alerts.json: it is no JSON\n/s/heartbeat.json: it is no JSON', 'kill 4242 && cadence-bus start']);
  });
});
