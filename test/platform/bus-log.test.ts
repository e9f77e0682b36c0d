import assert from 'node:assert/strict';
import { mkdirSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { describe, it } from 'node:test';
import type { BusEvent } from '../../lib/core/event.ts';
import { createBusLog } from '../../lib/platform/bus-log.ts';
import { eventually } from '../support/eventually.ts';
import { tempRoot } from '../support/temp-root.ts';

const DAY_MS = 86_400_000;
const NOON = Date.UTC(2026, 10, 20, 12);
const FIRST = 'bus-2026-11-20.log';
const NEVER_MS = 60_000;

function event(stage: string, more: Partial<BusEvent> = {}): BusEvent {
  return { ts: '2026-11-20T12:00:00.000Z', level: 'info', stage, ...more } as BusEvent;
}

function linesOf(dir: string, file = FIRST): readonly Readonly<Record<string, unknown>>[] {
  return readFileSync(`${dir}/${file}`, 'utf8')
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line));
}

const stagesOf = (dir: string, file?: string): readonly unknown[] => linesOf(dir, file).map(({ stage }) => stage);

describe('the log for people', () => {
  it('is opened a moment after the first event, and holds it, and all that came meanwhile', async () => {
    const dir = `${tempRoot('cadence-bus-log-')}/logs`;
    const log = createBusLog(dir, () => NOON, 1);
    log.write(event('owner_started', { pid: 7 }));
    log.write(event('state_broken', { level: 'error', path: '/x' }));
    assert.throws(() => statSync(dir));
    await eventually('both are written', () => statSync(`${dir}/${FIRST}`, { throwIfNoEntry: false }) !== undefined && linesOf(dir).length === 2);
    assert.deepEqual(linesOf(dir), [
      { level: 'info', ts: '2026-11-20T12:00:00.000Z', stage: 'owner_started', pid: 7 },
      { level: 'error', ts: '2026-11-20T12:00:00.000Z', stage: 'state_broken', path: '/x' },
    ]);
    assert.equal(statSync(`${dir}/${FIRST}`).mode & 0o777, 0o600);
    log.write(event('circuit_opened'));
    assert.equal(linesOf(dir).length, 2, 'whoever acts does not wait for it');
    await new Promise((resolve) => setImmediate(resolve));
    assert.equal(linesOf(dir).length, 3, 'from then on each is written when the turn is over');
    log.close();
  });

  it('waits for no more than a hundred events, and loses none of them', () => {
    const dir = tempRoot('cadence-bus-log-');
    const log = createBusLog(dir, () => NOON, NEVER_MS);
    for (let n = 1; n < 100; n += 1) log.write(event(`s${n}`));
    assert.deepEqual(readdirSync(dir), []);
    log.write(event('s100'));
    assert.deepEqual(
      stagesOf(dir),
      Array.from({ length: 100 }, (_, index) => `s${index + 1}`),
    );
    log.close();
  });

  it('holds all that was said when it is closed, and leaves out what happens with every tick', () => {
    const dir = tempRoot('cadence-bus-log-');
    const log = createBusLog(dir, () => NOON, NEVER_MS);
    for (const stage of ['owner_started', 'claimed', 'adopted', 'run_finished', 'owner_stopped']) log.write(event(stage));
    log.write(event('run_finished', { stderr_path: '/x' }));
    log.close();
    assert.deepEqual(stagesOf(dir), ['owner_started', 'owner_stopped', 'run_finished']);
  });

  it('has a file for each day', () => {
    const dir = tempRoot('cadence-bus-log-');
    let nowMs = NOON;
    const log = createBusLog(dir, () => nowMs, NEVER_MS);
    for (let n = 0; n < 100; n += 1) log.write(event('early'));
    nowMs += DAY_MS;
    log.write(event('late'));
    log.close();
    assert.deepEqual(stagesOf(dir, 'bus-2026-11-21.log'), ['late']);
  });

  it('goes on without a file where one cannot be opened, and tries again with the next event', () => {
    const dir = tempRoot('cadence-bus-log-');
    mkdirSync(`${dir}/${FIRST}`);
    const log = createBusLog(dir, () => NOON, NEVER_MS);
    for (let n = 0; n < 100; n += 1) log.write(event('lost'));
    rmSync(`${dir}/${FIRST}`, { recursive: true });
    log.write(event('kept'));
    log.close();
    assert.deepEqual(stagesOf(dir), ['kept']);
  });
});
