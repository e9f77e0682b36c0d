import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { CadenceError } from '../../lib/core/error.ts';
import type { BusEvent, Stage } from '../../lib/core/event.ts';
import { pathsOf } from '../../lib/core/paths.ts';
import { toIso } from '../../lib/core/time/instant.ts';
import { createEventBacklog } from '../../lib/history/event-backlog.ts';
import { readEvents } from '../../lib/history/events.ts';
import { createJournal } from '../../lib/history/journal.ts';
import { createClock } from '../../lib/platform/clock.ts';
import { createFiles } from '../../lib/platform/files.ts';
import type { Files, Journal } from '../../lib/ports.ts';
import { eventually } from '../support/eventually.ts';
import { tempRoot } from '../support/temp-root.ts';
import { DAY, DAY_MS, NOON_MS } from './log-fixture.ts';

function journalFixture() {
  const paths = pathsOf(tempRoot());
  const files = createFiles();
  const faults: unknown[] = [];
  const fixture = {
    paths,
    files,
    faults,
    nowMs: NOON_MS,
    open: (through: Files = files): Journal =>
      createJournal({ files: through, clock: { nowMs: () => fixture.nowMs, breathe: createClock().breathe }, paths, onFault: (error) => faults.push(error) }),
    read: (query = {}): readonly BusEvent[] => [...readEvents({ files, paths }, query)],
    segment: (day = DAY): string => `${paths.journal}/${day}.jsonl`,
  };
  return fixture;
}

const event = (stage: Stage, details: Readonly<Record<string, unknown>> = {}) => ({ level: 'info', stage, ...details }) as const;
const numbersOf = (events: readonly BusEvent[]): readonly unknown[] => events.map(({ n }) => n);

/** A disk that refuses to append while `isFull` says so. */
function fullAtTimes(files: Files, isFull: () => boolean): Files {
  return {
    ...files,
    append(path) {
      const log = files.append(path);
      return {
        ...log,
        write(text) {
          if (isFull()) throw new CadenceError('io', 'cannot append: ENOSPC');
          log.write(text);
        },
      };
    },
  };
}

describe('the journal', () => {
  it('says of what is told a moment later when it was', async () => {
    const fixture = journalFixture();
    const journal = fixture.open();
    const heard: string[] = [];
    journal.onEvent(({ ts }) => heard.push(ts));
    journal.emit(event('claimed', { n: 1 }), NOON_MS - 1_500);
    journal.emit(event('claimed', { n: 2 }));
    await journal.flush();
    journal.close();
    const written = fixture.read().map(({ ts }) => ts);
    assert.deepEqual(written, [toIso(NOON_MS - 1_500), toIso(NOON_MS)]);
    assert.deepEqual(heard, written);
  });

  it('M24 A52 keeps every event as a line of JSON with its instant, in the order of emission, whatever the clock did', async () => {
    const fixture = journalFixture();
    const journal = fixture.open();
    for (const [n, days] of [0, 1, 0, -5, 2, 1].entries()) {
      fixture.nowMs = NOON_MS + days * DAY_MS;
      journal.emit(event('claimed', { n, cadence: 'nightly-backup' }));
      await journal.flush();
    }
    journal.close();
    const events = fixture.read();
    assert.deepEqual(numbersOf(events), [0, 1, 2, 3, 4, 5]);
    assert.deepEqual(events[3], { ts: toIso(NOON_MS - 5 * DAY_MS), level: 'info', stage: 'claimed', n: 3, cadence: 'nightly-backup' });
  });

  it('writes the events of a turn at its end, in one write, and at once when it is told to flush', async () => {
    const fixture = journalFixture();
    const writes: string[] = [];
    const journal = fixture.open({
      ...fixture.files,
      append: (path) => {
        const log = fixture.files.append(path);
        return {
          ...log,
          get endBytes() {
            return log.endBytes;
          },
          write: (text) => {
            writes.push(text);
            log.write(text);
          },
        };
      },
    });
    journal.emit(event('claimed', { n: 1 }));
    journal.emit(event('claimed', { n: 2 }));
    assert.deepEqual(writes, []);
    await eventually('written by itself', () => writes.length > 0);
    assert.deepEqual(numbersOf(fixture.read()), [1, 2]);
    journal.emit(event('claimed', { n: 3 }));
    const flushing = journal.flush();
    assert.equal(writes.length, 2, 'before the flush resolves');
    await flushing;
    journal.emit(event('claimed', { n: 4 }));
    journal.close();
    assert.equal(writes.length, 3);
    assert.deepEqual(numbersOf(fixture.read()), [1, 2, 3, 4]);
  });

  it('tells every subscriber at once, until it leaves, and hands on what one of them throws', () => {
    const fixture = journalFixture();
    const journal = fixture.open();
    const seen: string[] = [];
    const follow = (name: string) => journal.onEvent(({ n }) => void seen.push(`${name}${n}`));
    const broken = new Error('my bug');
    const first = follow('a');
    journal.onEvent(() => {
      throw broken;
    });
    follow('b');
    journal.emit(event('claimed', { n: 1 }));
    assert.deepEqual(seen, ['a1', 'b1']);
    first.close();
    first.close();
    journal.emit(event('claimed', { n: 2 }));
    assert.deepEqual(seen, ['a1', 'b1', 'b2']);
    assert.deepEqual(fixture.faults, [broken, broken]);
    journal.close();
    assert.deepEqual(numbersOf(fixture.read()), [1, 2]);
  });

  it('lets a subscriber leave, come and emit while it is told', () => {
    const fixture = journalFixture();
    const journal = fixture.open();
    const seen: unknown[] = [];
    const once = journal.onEvent(({ n }) => {
      seen.push(n);
      once.close();
      journal.onEvent((later) => void seen.push(`late ${later.n}`));
      journal.emit(event('output', { n: 2 }));
    });
    journal.emit(event('output', { n: 1 }));
    assert.deepEqual(seen, [1, 'late 2']);
    journal.close();
    assert.deepEqual(numbersOf(fixture.read()), [1, 2]);
  });

  it('keeps the events that a full disk refuses, says so in flush, and writes them when it can', async () => {
    const fixture = journalFixture();
    let isFull = true;
    const journal = fixture.open(fullAtTimes(fixture.files, () => isFull));
    journal.emit(event('claimed', { n: 1 }));
    await assert.rejects(journal.flush(), { code: 'io' });
    journal.emit(event('claimed', { n: 2 }));
    await assert.rejects(journal.flush(), { code: 'io' });
    isFull = false;
    journal.emit(event('claimed', { n: 3 }));
    await journal.flush();
    journal.close();
    assert.deepEqual(numbersOf(fixture.read()), [1, 2, 3]);
  });

  it('forgets the older half of more than it may keep, and says how many that were', () => {
    const backlog = createEventBacklog(1_000);
    for (let n = 0; n < 100; n++) backlog.add({ ts: toIso(NOON_MS), ...event('output', { n }) });
    let text = '';
    backlog.drain((all) => {
      text = all;
    }, NOON_MS);
    const [gap, ...kept] = text
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as BusEvent);
    assert.equal(gap?.stage, 'storage_failed');
    assert.equal(gap?.level, 'error');
    assert.equal(gap?.dropped, 100 - kept.length);
    assert.ok(kept.length > 0 && text.length < 1_500);
    assert.deepEqual(
      numbersOf(kept),
      Array.from({ length: kept.length }, (_, index) => 100 - kept.length + index),
    );
    backlog.drain(() => assert.fail('nothing is left'), NOON_MS);
  });

  it('goes on behind a line that a kill has torn, at every byte', async () => {
    const fixture = journalFixture();
    const first = fixture.open();
    first.emit(event('claimed', { n: 1 }));
    first.emit(event('claimed', { n: 2 }));
    first.close();
    const whole = readFileSync(fixture.segment());
    for (let bytes = whole.indexOf(10) + 1; bytes < whole.length; bytes++) {
      fixture.files.write(fixture.segment(), whole.subarray(0, bytes).toString());
      assert.deepEqual(numbersOf(fixture.read()), [1], 'torn');
      const next = fixture.open();
      next.emit(event('claimed', { n: 3 }));
      await next.flush();
      next.close();
      assert.deepEqual(numbersOf(fixture.read()), bytes === whole.length - 1 ? [1, 2, 3] : [1, 3]);
    }
  });

  it('writes nothing where nothing happened', async () => {
    const fixture = journalFixture();
    const journal = fixture.open();
    await journal.flush();
    journal.close();
    assert.ok(!existsSync(fixture.segment()));
    assert.deepEqual(fixture.read(), []);
  });
});

describe('reading events', () => {
  const tick = 'abcdefghijkl';

  async function filled() {
    const fixture = journalFixture();
    const journal = fixture.open();
    const emit = async (days: number, details: Readonly<Record<string, unknown>>, stage: Stage = 'output'): Promise<void> => {
      fixture.nowMs = NOON_MS + days * DAY_MS;
      journal.emit(event(stage, details));
      await journal.flush();
    };
    await emit(0, { n: 0, tick }, 'adopted');
    await emit(0, { n: 1, tick, run_id: `${tick}-1` }, 'claimed');
    await emit(1, { n: 2, run_id: `${tick}-10` });
    await emit(1, { n: 3, run_id: 'abcdefghijkm-1', text: `speaks of ${tick}-1 and "stage":"claimed"` });
    await emit(2, { n: 4, run_id: `${tick}-1`, nested: { stage: 'claimed' } });
    await emit(2, { n: 5, run_id: `${tick}-2` });
    journal.close();
    return fixture;
  }

  it('A52 gives the events of a run, of all runs of a tick, of a stage, or since an instant, oldest first', async () => {
    const { read } = await filled();
    assert.deepEqual(numbersOf(read()), [0, 1, 2, 3, 4, 5]);
    assert.deepEqual(numbersOf(read({ runId: `${tick}-1` })), [1, 4]);
    assert.deepEqual(numbersOf(read({ runId: tick })), [0, 1, 2, 4, 5]);
    assert.deepEqual(numbersOf(read({ stage: 'claimed' })), [1]);
    assert.deepEqual(numbersOf(read({ sinceMs: NOON_MS + DAY_MS })), [2, 3, 4, 5]);
    assert.deepEqual(numbersOf(read({ sinceMs: NOON_MS + DAY_MS + 1, runId: tick })), [4, 5]);
  });

  it('A52 gives the newest of them when only so many are asked for, oldest first all the same', async () => {
    const { read } = await filled();
    fc.assert(
      fc.property(fc.nat(6), fc.constantFrom({}, { runId: tick }, { runId: `${tick}-1` }, { sinceMs: NOON_MS + DAY_MS }), (limit, query) => {
        assert.deepEqual(read({ ...query, limit }), read(query).slice(Math.max(0, read(query).length - limit)));
      }),
      { numRuns: 50 },
    );
  });

  it('leaves out lines that are no events', async () => {
    const fixture = await filled();
    const log = fixture.files.append(fixture.segment());
    log.write('garbage\n[]\nnull\n{"ts":7,"level":"info","stage":"output"}\n{"n":9}\n\n\0\0\n');
    log.close();
    assert.deepEqual(numbersOf(fixture.read()), [0, 1, 2, 3, 4, 5]);
    assert.deepEqual(numbersOf(fixture.read({ limit: 9 })), [0, 1, 2, 3, 4, 5]);
  });
});
