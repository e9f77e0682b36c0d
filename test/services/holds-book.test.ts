import assert from 'node:assert/strict';
import { it } from 'node:test';
import type { LogPosition } from '../../lib/core/holds.ts';
import type { RunRecord } from '../../lib/core/run.ts';
import type { Journal, RunLog } from '../../lib/ports.ts';
import { createHoldsBook } from '../../lib/services/holds-book.ts';
import { createStorageHealth } from '../../lib/services/storage-health.ts';
import { testClock } from '../support/bus.ts';

const MANY = 20_000;
const about = { attempt: 1, status: 'succeeded', reason: '', summary: '', duration_ms: 1, exit_code: 0, signal: null, cost_usd: null } as const;
const AT = '2026-11-27T10:00:00.000Z';
const record = (n: number): RunRecord => ({
  ...{ ...about, run_id: `t${n}-1`, tick: `t${n}`, cadence: 'brief', started_at: AT, ended_at: AT, stdout_path: null, stderr_path: null },
});

it('without a book the whole log is folded in turns, and its records are read anew by whoever asks for them, not held', async () => {
  const position: LogPosition = { day: '2026-11-27', bytes: 1 };
  let turns = 0;
  let made = 0;
  let grown = 0;
  const since = function* () {
    for (let n = 0; n < MANY + grown; n += 1) {
      made += 1;
      yield record(n);
    }
  };
  const runLog = { since, position: () => position } as unknown as RunLog;
  const breathe = async (): Promise<void> => {
    turns += 1;
  };
  const clock = { ...testClock(), breathe };
  const journal = { emit: () => undefined } as unknown as Journal;
  const none = { read: () => undefined, write: () => undefined, remove: () => undefined };
  const health = createStorageHealth({ journal });
  const book = createHoldsBook({ clock, doc: none, view: none, runLog, journal, health, policiesOf: () => undefined });
  const unseen = await book.load();
  assert.ok(turns >= 3, `${turns} turns for others`);
  made = 0;
  const [first] = unseen;
  assert.deepEqual([first?.run_id, made], ['t0-1', 1], 'one was read, for one was asked for');
  grown = 5;
  assert.equal([...unseen].length, MANY, 'what is recorded later is none of them');
});
