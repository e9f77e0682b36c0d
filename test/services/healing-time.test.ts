import assert from 'node:assert/strict';
import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import { CadenceError } from '../../lib/core/error.ts';
import type { Outcome } from '../../lib/core/outcome.ts';
import { formatDeadName, formatTickName } from '../../lib/core/tick.ts';
import { createFiles } from '../../lib/platform/files.ts';
import type { Files, Http } from '../../lib/ports.ts';
import { createDismissal } from '../../lib/services/dismissal.ts';
import { inFastFolder } from '../support/fast-folder.ts';
import { incidentsOf } from '../support/notice-yard.ts';
import { createTimeYard, type TimeYard } from '../support/time-yard.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
const FAILED: Outcome = { kind: 'fail', blame: 'cadence', reason: 'exit 1: TypeError: total.add is not a function' };
/** Where the machine has a claude of its own, it is not asked. */
const BUS = 'claude: { path: /nowhere/claude }\nnotify: { after: 1, cooldown: 0, remind: 0, webhook: { url: "https://well.example/hook" } }\n';

interface Yard extends TimeYard {
  isBroken: boolean;
  /** The disk takes no word of who mends. */
  isFull: boolean;
  /** Programs that mend say that they have. */
  isMending: boolean;
  /** What an agent does with its time, and how it ends. */
  agent: (takes: (ms: number) => Promise<void>, nowMs: number) => Promise<Outcome & { readonly answer?: unknown }>;
  /** When agents were started, in minutes since the beginning. */
  readonly asked: number[];
  readonly told: string[];
  /** A tick by hand: the yard has no schedules, so nothing else wakes its owner. */
  tick(cadence: string, payload?: unknown): void;
  minutes(): number;
  /** What became of each fix, oldest first. */
  fixes(): readonly string[];
  /** Why no agent is asked any more. */
  chronic(): string | undefined;
  incident(): { readonly id: string; readonly state: string; readonly because: string | undefined };
}

const MENDED: Outcome & { readonly answer: unknown } = { kind: 'ok', summary: '', answer: { kind: 'restart', diagnosis: 'a date was read as text' } };

async function createYard(lines: readonly string[]): Promise<Yard> {
  const asked: number[] = [];
  const told: string[] = [];
  const http: Http = {
    async post({ body }) {
      told.push((JSON.parse(body) as { text: string }).text);
      return { kind: 'answer', status: 204, retryAfterMs: undefined, text: '' };
    },
  };
  const startMs = Date.parse('2026-11-20T07:00:00Z');
  const base = inFastFolder(() =>
    createTimeYard({
      startIso: new Date(startMs).toISOString(),
      http,
      files: () => {
        const files = createFiles();
        const write: Files['write'] = (path, text, mode) => {
          if (yard.isFull && path.endsWith('/healing.json')) throw new CadenceError('io', `cannot write ${path}: ENOSPC`, '');
          files.write(path, text, mode);
        };
        return { ...files, write };
      },
      async outcome({ cadence }, clock, takes) {
        if (yard.isMending && cadence.name === 'bus-mend-books') return { kind: 'ok', summary: '' };
        if (cadence.name !== 'bus-heal-books') return yard.isBroken ? FAILED : { kind: 'ok', summary: '' };
        asked.push(yard.minutes());
        return yard.agent(takes, clock.nowMs());
      },
    }),
  );
  let ticks = 0;
  const yard: Yard = Object.assign(base, {
    ...{ isBroken: true, isFull: false, isMending: false, agent: async () => MENDED, asked, told },
    tick(cadence: string, payload?: unknown) {
      ticks += 1;
      const dueMs = base.clock.nowMs();
      const name = formatTickName({ dueMs, cadence, id: `tick${String(ticks).padStart(8, '0')}`, attempts: 0 });
      const tick = { cadence, source: 'test', enqueued_at: new Date(dueMs).toISOString(), ...(payload === undefined ? {} : { payload }) };
      writeFileSync(`${base.root}/state/cadence-bus/inbox/${name}`, `${JSON.stringify(tick)}\n`);
      base.owner().queue.expect();
    },
    minutes: () => (base.clock.nowMs() - startMs) / MINUTE,
    fixes() {
      const [, ...rows] = readFileSync(`${base.root}/state/cadence-bus/attempts.tsv`, 'utf8').trim().split('\n');
      const last = new Map(rows.map((row) => row.split('\t')).map(([at = '', , , source = '', , status = '']) => [at, `${source} ${status}`]));
      return [...last.values()];
    },
    chronic() {
      const { asked: ask } = incidentsOf(base.root)[0] ?? {};
      const { because, chronic } = (ask ?? {}) as { because?: string; chronic?: boolean };
      return chronic === true ? because : undefined;
    },
    incident() {
      const { id, state, asked: ask } = incidentsOf(base.root)[0] as { id: string; state: string; asked?: { because: string } };
      return { id, state, because: ask?.because };
    },
  });
  mkdirSync(`${base.root}/state/cadence-bus/inbox`, { recursive: true });
  writeFileSync(`${base.root}/cadences/bus.yaml`, BUS);
  yard.cadence('books', 'retry: { attempts: 1 }', 'breaker: { failures: 1000 }', ...lines);
  await yard.start();
  return yard;
}

describe('the window of a fix, on an owner that nothing else wakes', () => {
  const WINDOW = ['on_failure:', '  - { agent: { verify: 2h } }'];

  it('A23 a fix is kept when its window is over, by the owner itself, and not before', async () => {
    const yard = await createYard(WINDOW);
    yard.agent = async (takes) => {
      await takes(3 * MINUTE);
      yard.isBroken = false;
      return MENDED;
    };
    yard.tick('books');
    await yard.pass(10 * MINUTE);
    assert.deepEqual([yard.incident().state, yard.fixes()], ['resolved', ['agent pending']], 'a run has ended well, and the window is open');
    await yard.passUntil('2026-11-20T09:02:59Z');
    assert.deepEqual(yard.fixes(), ['agent pending']);
    await yard.passUntil('2026-11-20T09:03:00Z');
    assert.deepEqual(yard.fixes(), ['agent kept'], 'two hours after it was applied');
  });

  it('A23 an owner that was away when the window ended keeps the fix as soon as it is there', async () => {
    const yard = await createYard(WINDOW);
    yard.agent = async () => {
      yard.isBroken = false;
      return MENDED;
    };
    yard.tick('books');
    await yard.pass(MINUTE);
    await yard.off(5 * HOUR);
    assert.deepEqual(yard.fixes(), ['agent pending']);
    await yard.start();
    await yard.pass(1_000);
    assert.deepEqual(yard.fixes(), ['agent kept']);
  });

  it('A24 the same failure within the window is its regression, though a run had ended well; after it, within 7 days, its recurrence', async () => {
    for (const [afterMs, status] of [
      [HOUR, 'agent regressed'],
      [3 * HOUR, 'agent recurred'],
      [6 * DAY, 'agent recurred'],
      [8 * DAY, 'agent kept'],
    ] as const) {
      const yard = await createYard(WINDOW);
      yard.agent = async () => {
        yard.isBroken = false;
        return MENDED;
      };
      yard.tick('books');
      await yard.pass(MINUTE);
      await yard.pass(afterMs);
      yard.agent = async () => ({ kind: 'ok', summary: '', answer: { kind: 'none', diagnosis: 'I do not know' } });
      yard.isBroken = true;
      yard.tick('books');
      await yard.pass(MINUTE);
      assert.equal(yard.fixes()[0], status, `it came back after ${afterMs / HOUR} h`);
    }
  });
});

describe('the time of agents', () => {
  it('P14 A28 two hours of them are spent on one incident, then a person is asked, whose approval gives two more', async () => {
    const yard = await createYard(['on_failure:', '  - { agent: { timeout: 50m } }']);
    yard.agent = async (takes) => {
      await takes(45 * MINUTE);
      return MENDED;
    };
    yard.tick('books');
    await yard.pass(HOUR);
    assert.deepEqual([yard.asked, yard.fixes(), yard.incident().state], [[0], ['agent regressed'], 'needs_human'], 'it rests, and a person is asked');
    // It may be asked again after 12 h; 90 minutes are used up then, and 50 more are not left.
    await yard.passUntil('2026-11-20T20:00:00Z');
    yard.tick('books');
    await yard.pass(HOUR);
    assert.deepEqual(yard.asked, [0, 13 * 60]);
    await yard.passUntil('2026-11-22T20:00:00Z');
    yard.tick('books');
    await yard.pass(2 * HOUR);
    assert.equal(yard.asked.length, 2, 'the wall');
    assert.match(yard.incident().because ?? '', /^agents and programs have worked on it for 1h 30m, of 2h at most$/);
    yard.tick('bus-control', { order: 'incident', what: 'approve', id: yard.incident().id });
    await yard.pass(HOUR);
    assert.equal(yard.asked.length, 3, 'a person has said: go on');
  });

  it('A28 so many fixes in an hour, then incidents and notices only until somebody approves, however long that takes', async () => {
    const yard = await createYard(['on_failure:', '  - { when: any, command: ["true"] }', 'heal: { per_hour: 2 }']);
    const mended = (): number => yard.ran.filter((run) => run.startsWith('bus-mend-books')).length;
    yard.isMending = true;
    yard.tick('books');
    await yard.pass(20 * MINUTE);
    assert.deepEqual([mended(), yard.fixes(), yard.incident().state], [2, ['rule:command regressed', 'rule:command regressed'], 'needs_human']);
    assert.match(yard.incident().because ?? '', /^2 fixes of exit were tried within an hour; none more until it is approved/);
    const { length } = yard.told;
    await yard.pass(5 * HOUR);
    yard.tick('books');
    await yard.pass(20 * MINUTE);
    assert.equal(mended(), 2, 'the hour is long over');
    await yard.pass(2 * DAY);
    yard.tick('books');
    await yard.pass(MINUTE);
    assert.ok(mended() === 2 && yard.told.length > length, 'it is told all the same');
    yard.tick('bus-control', { order: 'incident', what: 'approve', id: yard.incident().id });
    await yard.pass(MINUTE);
    assert.ok(mended() > 2);
  });

  it('P28 an agent rests longer with each fix that did not hold, is asked five times, and then a person is told, though it is ignored', async () => {
    const yard = await createYard(['on_failure:', '  - { agent: { timeout: 3m } }']);
    const DAYS = 16;
    for (let hour = 0; hour < DAYS * 24 && yard.chronic() === undefined; hour += 3) {
      yard.tick('books');
      await yard.pass(3 * HOUR);
      if (hour === 0) yard.tick('bus-control', { order: 'incident', what: 'ignore', id: yard.incident().id, until: '2026-12-19T00:00:00Z' });
    }
    const gaps = yard.asked.slice(1).map((at, n) => (at - (yard.asked[n] ?? 0)) / 60);
    assert.deepEqual(gaps, [12, 24, 48, 96], 'hours, at the first failure after each rest');
    assert.match(yard.chronic() ?? '', /^CHRONIC: 5 fixes did not hold/);
    assert.equal(yard.told.filter((text) => text.includes('CHRONIC')).length, 1, yard.told.join('\n'));
  });

  it('A22 an agent whose account is held is not started; it goes on by itself when the account is free', async () => {
    const yard = await createYard(['on_failure:', '  - { agent: { timeout: 5m } }']);
    yard.agent = async () => {
      yard.isBroken = false;
      return MENDED;
    };
    yard.tick('bus-control', { order: 'pause', key: 'account:claude', because: 'the bill is not paid' });
    await yard.pass(MINUTE);
    yard.tick('books');
    await yard.pass(5 * HOUR);
    assert.deepEqual([yard.asked, yard.fixes(), yard.incident().state], [[], ['agent pending'], 'healing'], 'it waits, and is no failure');
    yard.tick('bus-control', { order: 'resume', key: 'account:claude' });
    await yard.pass(MINUTE);
    assert.deepEqual([yard.asked.length, yard.incident().state], [1, 'resolved']);
    assert.deepEqual(yard.fixes(), ['agent kept']);
  });

  it('an agent whose answer the disk refuses is not asked and paid again: the answer is taken when the disk is well', async () => {
    const yard = await createYard(['on_failure:', '  - { agent: { timeout: 5m } }']);
    yard.agent = async () => {
      yard.isFull = true;
      yard.isBroken = false;
      return MENDED;
    };
    yard.tick('books');
    await yard.pass(3 * MINUTE);
    assert.deepEqual([yard.asked.length, yard.fixes(), yard.incident().state], [1, ['agent pending'], 'healing']);
    yard.isFull = false;
    await yard.pass(MINUTE);
    assert.deepEqual([yard.asked.length, yard.fixes(), yard.incident().state], [1, ['agent kept'], 'resolved']);
  });

  it('A22 an agent that meets the limit of its account waits until the time that the account names, is charged nothing, and a person hears of it once', async () => {
    const yard = await createYard(['on_failure:', '  - { agent: { timeout: 5m } }']);
    yard.agent = async (_takes, nowMs) => {
      if (yard.asked.length === 1) return { kind: 'fail', blame: 'account', class: 'quota', reason: 'usage limit reached', untilMs: nowMs + 3 * HOUR };
      yard.isBroken = false;
      return MENDED;
    };
    yard.tick('books');
    await yard.pass(2 * HOUR + 59 * MINUTE);
    assert.deepEqual([yard.asked, yard.fixes()], [[0], ['agent pending']]);
    assert.match(yard.incident().because ?? '', /^the agent waits for its account: usage limit reached/);
    assert.equal(yard.told.filter((text) => text.includes('waits for its account')).length, 1, yard.told.join('\n'));
    await yard.pass(10 * MINUTE);
    assert.equal(yard.asked.length, 2);
    assert.ok((yard.asked[1] ?? 0) >= 180 && (yard.asked[1] ?? 0) < 190, `after ${yard.asked[1]} minutes`);
    assert.deepEqual([yard.fixes(), yard.incident().state], [['agent kept'], 'resolved']);
  });
});

describe('who was set to work and never comes to it', () => {
  const AGENT = ['on_failure:', '  - { agent: { timeout: 5m } }'];
  /** It waits for its turn, because it is paused. */
  async function createWaiting(lines: readonly string[], worker: string): Promise<Yard> {
    const yard = await createYard(lines);
    yard.tick('bus-control', { order: 'pause', key: `cadence:${worker}`, because: 'later' });
    await yard.pass(MINUTE);
    yard.tick('books');
    await yard.pass(MINUTE);
    assert.deepEqual([yard.fixes().at(-1)?.split(' ')[1], yard.incident().state, yard.asked], ['pending', 'healing', []]);
    return yard;
  }
  const idOf = (yard: Yard, worker: string): string => yard.owner().queue.head(worker)?.name.id ?? '';

  it('A22 a person is asked at once when the tick of an agent is cancelled while it waits', async () => {
    const yard = await createWaiting(AGENT, 'bus-heal-books');
    yard.tick('bus-control', { order: 'cancel', id: idOf(yard, 'bus-heal-books') });
    await yard.pass(MINUTE);
    assert.deepEqual([yard.fixes(), yard.incident().state], [['agent crashed'], 'needs_human']);
    assert.match(yard.incident().because ?? '', /^the agent never came to it: cancelled while it waited$/);
    assert.equal(yard.told.filter((text) => text.includes('never came to it')).length, 1, yard.told.join('\n'));
  });

  it('A22 so it is by whoever is the owner then, and when the agent has waited for a day', async () => {
    const yard = await createWaiting(AGENT, 'bus-heal-books');
    await yard.off(25 * HOUR);
    await yard.start();
    yard.tick('bus-control', { order: 'resume', key: 'cadence:bus-heal-books' });
    await yard.pass(MINUTE);
    assert.deepEqual([yard.asked, yard.fixes(), yard.incident().state], [[], ['agent crashed'], 'needs_human']);
    assert.match(yard.incident().because ?? '', /^the agent never came to it: /);
  });

  it('A22 an agent that ended for an owner who died before he saw it is missed by the next', async () => {
    const yard = await createWaiting(AGENT, 'bus-heal-books');
    const { queue, conclusion, clock, journal } = yard.owner();
    const [name] = [queue.head('bus-heal-books')?.name];
    assert.ok(name !== undefined);
    await createDismissal({ clock, queue, journal, conclusion }).dismiss([name], 'cancelled', 'cancelled while it waited');
    yard.crash();
    await yard.start();
    await yard.pass(MINUTE);
    assert.deepEqual([yard.fixes(), yard.incident().state], [['agent crashed'], 'needs_human']);
  });

  it('A22 an agent whose tick lies in the dlq, though a power cut took the record of its end, is missed by the next owner', async () => {
    const yard = await createWaiting(AGENT, 'bus-heal-books');
    const name = yard.owner().queue.head('bus-heal-books')?.name;
    assert.ok(name !== undefined);
    yard.crash();
    const state = `${yard.root}/state/cadence-bus`;
    const file = readdirSync(`${state}/waiting`).find((one) => one.includes(name.id));
    assert.ok(file !== undefined, 'it waits in a file of its own');
    renameSync(`${state}/waiting/${file}`, `${state}/dlq/${formatDeadName({ ...name, reason: 'unknown-cadence' })}`);
    await yard.start();
    await yard.pass(MINUTE);
    assert.deepEqual([yard.fixes(), yard.incident().state], [['agent crashed'], 'needs_human']);
    assert.match(yard.incident().because ?? '', /^the agent never came to it: its tick lies in dlq\/ \(unknown-cadence\)$/);
  });

  it('P13 after a program that grew too old the agent is asked, and after one that was cancelled a person', async () => {
    const both = ['on_failure:', '  - { when: any, command: ["true"] }', '  - { agent: { timeout: 5m } }'];
    const late = await createWaiting(both, 'bus-mend-books');
    late.agent = async () => {
      late.isBroken = false;
      return MENDED;
    };
    await late.pass(25 * HOUR);
    late.tick('bus-control', { order: 'resume', key: 'cadence:bus-mend-books' });
    await late.pass(MINUTE);
    assert.deepEqual([late.asked.length, late.fixes(), late.incident().state], [1, ['rule:command crashed', 'agent kept'], 'resolved']);
    const gone = await createWaiting(both, 'bus-mend-books');
    gone.tick('bus-control', { order: 'cancel', id: idOf(gone, 'bus-mend-books') });
    await gone.pass(MINUTE);
    assert.deepEqual([gone.asked, gone.fixes(), gone.incident().state], [[], ['rule:command crashed'], 'needs_human']);
  });

  it('A22 an owner on hold is not kept awake by it', async () => {
    const yard = await createWaiting(AGENT, 'bus-heal-books');
    yard.tick('bus-control', { order: 'cancel', id: idOf(yard, 'bus-heal-books') });
    writeFileSync(`${yard.root}/state/cadence-bus/halt`, '');
    await yard.pass(HOUR);
    assert.deepEqual([yard.fixes(), yard.incident().state], [['agent pending'], 'healing'], 'nothing runs now');
    rmSync(`${yard.root}/state/cadence-bus/halt`);
    await yard.pass(MINUTE);
    assert.deepEqual([yard.fixes(), yard.incident().state], [['agent crashed'], 'needs_human']);
  });

  it('A22 a definition that is gone for a moment takes the agent with it, and a person is asked when it is back', async () => {
    const yard = await createWaiting(AGENT, 'bus-heal-books');
    const path = `${yard.root}/cadences/books.yaml`;
    const text = readFileSync(path, 'utf8');
    const edit = (act: () => void): void => {
      act();
      const { definitions, announceDefinitions } = yard.owner();
      announceDefinitions(definitions.reload(path));
    };
    edit(() => rmSync(path));
    await yard.pass(MINUTE);
    assert.equal(idOf(yard, 'bus-heal-books'), '', 'it lies in the dlq');
    edit(() => writeFileSync(path, text));
    await yard.pass(MINUTE);
    assert.deepEqual([yard.fixes(), yard.incident().state], [['agent crashed'], 'needs_human']);
  });

  it('A22 a person is asked at once where an edit takes the rung away while its agent waits, and nobody is where it gives its place to another', async () => {
    const edited = async (...lines: readonly string[]): Promise<Yard> => {
      const yard = await createWaiting(AGENT, 'bus-heal-books');
      yard.agent = async () => {
        yard.isBroken = false;
        return MENDED;
      };
      yard.cadence('books', 'retry: { attempts: 1 }', 'breaker: { failures: 1000 }', ...lines);
      const { definitions, announceDefinitions } = yard.owner();
      announceDefinitions(definitions.reload(`${yard.root}/cadences/books.yaml`));
      await yard.pass(MINUTE);
      return yard;
    };
    const without = await edited('on_failure:', '  - { notify: true }');
    assert.deepEqual([without.asked, without.fixes(), without.incident().state], [[], ['agent crashed'], 'needs_human']);
    assert.match(without.incident().because ?? '', /^the agent never came to it: there is no cadences\/bus-heal-books/);
    const moved = await edited('on_failure:', '  - { when: { message: never }, retry: true }', '  - { agent: { timeout: 5m } }');
    assert.deepEqual([moved.fixes(), moved.incident().state], [['agent pending'], 'healing']);
    moved.tick('bus-control', { order: 'resume', key: 'cadence:bus-heal-books' });
    await moved.pass(MINUTE);
    assert.deepEqual([moved.asked.length, moved.fixes(), moved.incident().state], [1, ['agent kept'], 'resolved']);
  });

  it('A22 an agent whose cadence is disabled while it waits is not started, and a person is asked', async () => {
    const yard = await createWaiting(AGENT, 'bus-heal-books');
    yard.agent = async () => MENDED;
    yard.cadence('books', 'enabled: false', 'retry: { attempts: 1 }', 'on_failure:', '  - { agent: { timeout: 5m } }');
    const { definitions, announceDefinitions } = yard.owner();
    announceDefinitions(definitions.reload(`${yard.root}/cadences/books.yaml`));
    yard.tick('bus-control', { order: 'resume', key: 'cadence:bus-heal-books' });
    await yard.pass(MINUTE);
    assert.deepEqual([yard.asked, yard.fixes(), yard.incident().state], [[], ['agent crashed'], 'needs_human']);
  });

  it('A22 a definition that does not come back ends what was under way for it, with a reason', async () => {
    const yard = await createWaiting(AGENT, 'bus-heal-books');
    const path = `${yard.root}/cadences/books.yaml`;
    rmSync(path);
    const { definitions, announceDefinitions } = yard.owner();
    announceDefinitions(definitions.reload(path));
    await yard.pass(DAY);
    assert.deepEqual(yard.fixes(), ['agent pending']);
    await yard.pass(DAY);
    assert.deepEqual([yard.fixes(), yard.incident().state], [['agent crashed'], 'open']);
    assert.match(readFileSync(`${yard.root}/state/cadence-bus/attempts.tsv`, 'utf8'), /the agent never came to it: no file defines books any more/);
  });
});
