import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import { examine } from '../../lib/app/doctor/doctor.ts';
import { toIso } from '../../lib/core/time/instant.ts';
import { createYard } from '../owner/owner-yard.ts';
import { HOUR_MS, holdsWith, openBreaker, yard } from './yard.ts';

const soon = (): string => toIso(Date.now() + HOUR_MS);
const HELD = ['cadence:gone', 'cadence:brief', 'account:claude', 'account:unused', 'account:healer', 'provider:spare', 'provider:unused', 'cadence:bus-upkeep'];
const PAUSED = { 'cadence:away': { since: '2026-11-20T07:00:00.000Z', because: 'holidays' }, bus: { since: '2026-11-20T07:00:00.000Z', because: 'holidays' } };
const book = () => holdsWith(Object.fromEntries(HELD.map((key) => [key, openBreaker(soon())])), PAUSED);

const BUS = 'agents:\n  - claude: {}\n  - { name: spare, agent: { command: [/bin/cat] } }\n';

describe('holds of what is gone', () => {
  it('A40 are named, and forgotten by --fix, once; what is used keeps its hold, and nobody guesses while a definition is broken', async () => {
    const place = yard();
    const { paths, root, put } = place;
    put(`${paths.cadences}/bus.yaml`, BUS);
    put(`${paths.cadences}/brief.md`, 'Write.\n');
    put(paths.holds, book());
    put(`${paths.cadences}/broken.yaml`, 'run: 1\n');
    const line = async (isFix = false) => {
      const { checks, fixed } = await examine(root, isFix);
      const { level, detail, mend } = checks.find(({ id }) => id === 'stale-holds') ?? assert.fail('no such check');
      return { level, detail, mend, fixed: fixed.map(({ id, done }) => `${id}: ${done}`) };
    };
    assert.equal((await line()).detail.split(': ').slice(1).join(': '), 'cadence:away, cadence:gone', 'an account may be that of the broken one');
    put(`${paths.cadences}/broken.yaml`, 'run: { command: [/bin/true] }\non_failure: [{ agent: { command: [healer], prompt: mend.md } }]\n');
    put(`${root}/mend.md`, 'Mend it.\n');
    const found = await line();
    assert.deepEqual([found.level, found.mend], ['warn', 'cadence-bus doctor --fix']);
    assert.equal(found.detail, '4 holds of what is gone: account:unused, cadence:away, cadence:gone, provider:unused');
    const fixed = await line(true);
    assert.deepEqual([fixed.level, fixed.mend], ['ok', null]);
    assert.ok(fixed.fixed.includes('stale-holds: forgot account:unused, cadence:away, cadence:gone, provider:unused'), fixed.fixed.join('\n'));
    const after = JSON.parse(readFileSync(paths.holds, 'utf8'));
    assert.deepEqual(Object.keys(after.breakers).toSorted(), ['account:claude', 'account:healer', 'cadence:brief', 'cadence:bus-upkeep', 'provider:spare']);
    assert.deepEqual(Object.keys(after.paused), ['bus']);
    const open = JSON.parse(readFileSync(paths.circuit, 'utf8'));
    assert.deepEqual([Object.keys(open.accounts), Object.keys(open.providers)], [['claude', 'healer'], ['spare']], 'what others read says so too');
    assert.ok(!(await line(true)).fixed.some((done) => done.startsWith('stale-holds')));
  });

  it('are forgotten by breaker reset while an owner lives, with their pause, and a broken purse.json is set aside by its start', async () => {
    const place = createYard();
    place.put('cadences/brief.md', '---\nbudget: { day_usd: 1 }\n---\nWrite.\n');
    place.put('state/cadence-bus/holds.json', JSON.stringify(book()));
    place.put('state/cadence-bus/purse.json', '{"format":1,"res');
    const before = await examine(place.root, false);
    const files = before.checks.find(({ id }) => id === 'state-files');
    assert.equal(files?.level, 'fail');
    assert.match(files?.detail ?? '', /purse\.json: it is no JSON/);
    await place.start();
    const { checks } = await examine(place.root, false);
    const stale = checks.find(({ id }) => id === 'stale-holds');
    assert.equal(stale?.mend, 'cadence-bus breaker reset account:healer', 'the owner alone writes there');
    assert.match(checks.find(({ id }) => id === 'broken-files')?.detail ?? '', /purse\.json\.broken-/);
    assert.equal(checks.find(({ id }) => id === 'state-files')?.level, 'ok');
    for (const key of ['account:unused', 'account:healer', 'cadence:gone', 'away', 'provider:spare', 'provider:unused'])
      assert.equal((await place.cli('breaker', 'reset', key)).code, 0, key);
    const { checks: after } = await examine(place.root, false);
    assert.equal(after.find(({ id }) => id === 'stale-holds')?.level, 'ok');
    assert.equal((await place.cli('breaker', 'reset', 'never-there')).code, 66);
  });
});
