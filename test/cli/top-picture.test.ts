import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import type { TopView } from '../../lib/app/answers/top-view.ts';
import { fit } from '../../lib/cli/output.ts';
import { turn, wishesOf } from '../../lib/cli/top/keys.ts';
import { plainPicture } from '../../lib/cli/top/picture.ts';
import { widthOf } from '../../lib/core/text/width.ts';
import { cadenceOf, drawn, eventOf, inTime, NOW_MS, PAINTED, PLAIN, runningOf, viewOf } from '../support/top-view.ts';

const MINUTE_MS = 60_000;

const TROUBLE = viewOf({
  counts: { inbox: 1, waiting: 2, claimed: 1, dlq: 3 },
  cadences: [
    cadenceOf('brief', { status: 'running' }),
    cadenceOf('mail', { status: 'failing', consecutive_failures: 2, last_run: inTime(-2 * MINUTE_MS), last_summary: 'exit 1: no network' }),
    cadenceOf('backup', { status: 'held', next: inTime(90 * MINUTE_MS) }),
    cadenceOf('tidy', { next: inTime(30_000) }),
    cadenceOf('rest', { waiting: 2, waits_because: 'its lane is full' }),
    cadenceOf('off', { status: 'disabled', next: inTime(5_000) }),
  ],
  holds: [
    { key: 'cadence:backup', state: 'open', until: inTime(29 * MINUTE_MS), because: 'exit 3: the disk is full', failures: 3 },
    { key: 'cadence:mail', state: 'backing_off', until: inTime(20_000), because: 'exit 1: no network', failures: 2 },
    { key: 'cadence:brief', state: 'closed', until: null, because: '', failures: 0 },
  ],
  incidents: [{ id: 'i', cadence: 'backup', state: 'open', title: 'exit 3: the disk is full', occurrences: 3, last_at: inTime(-3 * MINUTE_MS) }],
  running: [runningOf('brief', -72_000, 'step 3/12')],
  events: [eventOf(-86_400_000, 'owner_stopped'), eventOf(-86_400_000, 'circuit_closed', { key: 'cadence:mail' }), eventOf(-5_000, 'paused', { key: 'bus' })],
});

describe('A44 the picture that top draws', () => {
  it('has the owner and the counts on top, then what needs somebody, what runs, what comes, what was', () => {
    assert.deepEqual(drawn(TROUBLE, { columns: 80, rows: 16 }).lines, [
      '● owner running  process 42, since 2026-11-20T11:00:00.000Z',
      '1 in the inbox · 2 waiting · 1 running · 3 dead  6 cadences: 1 failing, 1 held,…',
      '',
      'Held          ‖ backup  breaker open  29m left  exit 3: the disk is full',
      'Failing       ✗ mail  2 failures in a row  2m ago    exit 1: no network',
      'Incidents     ◆ open  backup  3×  3m ago  exit 3: the disk is full',
      'Running       ▶ brief  1m 12s  step 3/12',
      'Waiting       … rest  2 ticks wait  its lane is full',
      'Next 2        in 30s     tidy',
      '              in 1h 30m  backup, held',
      '',
      'Events        11-19 12:00:00  ● cadence:mail breaker closed',
      '              11:59:55  ‖ bus paused',
      '',
      '',
      ' q quit  ? keys                                                        /srv/bus',
    ]);
  });

  it('names ids and instants where there is room for them', () => {
    const { lines } = drawn(TROUBLE, { columns: 120, rows: 16 });
    assert.match(lines.join('\n'), /29m left, until 12:29:00Z/);
    assert.match(lines.join('\n'), /▶ brief {2}1m 12s {2}x7k2p9qd4mzt-1 {2}step 3\/12/);
    assert.match(lines.join('\n'), /in 30s {5}tidy {10}12:00:30Z/);
  });

  it('has a row of each that needs somebody where there is room for ten lines of forty', () => {
    assert.deepEqual(drawn(TROUBLE, { columns: 40, rows: 10 }).lines, [
      '● owner running  process 42, since 2026…',
      'inbox 1 · waiting 2 · running 1 · dead 3',
      '‖ backup  breaker open  29m left  exit …',
      '✗ mail  2 failures in a row  2m ago    …',
      '◆ open  backup  3×  3m ago  exit 3: the…',
      '▶ brief  1m 12s  step 3/12',
      '… rest  2 ticks wait  its lane is full',
      'in 30s     tidy',
      '11:59:55  ‖ bus paused',
      ' q quit  ? keys  ↓ more        /srv/bus',
    ]);
  });

  it('says what is true of a root in which nothing is', () => {
    const empty = viewOf({ owner: { state: 'never_started', pid: null, started_at: null, version: null, because: null } });
    assert.deepEqual(drawn(empty, { columns: 80, rows: 6 }).lines, [
      '○ no owner  none has run here yet',
      '0 in the inbox · 0 waiting · 0 running · 0 dead  no cadence is defined',
      'Running       nothing runs',
      '',
      '',
      ' q quit  ? keys                                                        /srv/bus',
    ]);
    assert.equal(drawn(empty).movesInMs, undefined);
  });

  it('says of two hundred cadences how many there are, and shows of each kind some', () => {
    const many = Array.from({ length: 200 }, (_, n) =>
      cadenceOf(`job-${n}`, { status: n % 2 === 0 ? 'failing' : 'healthy', next: inTime(n * 1000 + 500), last_run: inTime(-n) }),
    );
    const events = Array.from({ length: 200 }, (_, n) => eventOf(n - 1000, 'resumed', { key: `cadence:job-${n}` }));
    const { lines, lastScroll } = drawn(viewOf({ cadences: many, events }), { columns: 80, rows: 24 });
    const labels = lines.flatMap((line) => /^[A-Z][a-z]+(?: \d+)?/.exec(line)?.[0] ?? []);
    assert.deepEqual(labels, ['Failing 100', 'Running', 'Next 200', 'Events']);
    assert.match(lines.at(-2) ?? '', /job-199 goes on/, 'the newest event is the last line');
    assert.equal(lastScroll, 100 + 1 + 200 + 200 + 1 - 21 + 1);
    const end = drawn(viewOf({ cadences: many, events }), { columns: 80, rows: 24, scroll: 100_000 });
    assert.match(end.lines.at(-2) ?? '', /job-199 goes on/);
    assert.match(end.lines.at(2) ?? '', /^Events/, 'what is seen bears its name, wherever it begins');
  });

  it('tells that it is how things were where they cannot be read now', () => {
    assert.match(drawn(TROUBLE, { refused: 'the disk is gone' }).lines.join('\n'), /! this is how it was, for it cannot be read now: the disk is gone/);
  });

  it('tells of an account once, with who waits and what to do', () => {
    const hold = { key: 'account:claude', state: 'open', until: inTime(MINUTE_MS), because: 'the key is refused', failures: 1, advice: 'log in' } as const;
    const account = {
      account: 'claude',
      state: 'open',
      class: null,
      because: 'the key is refused',
      since: null,
      since_run: null,
      until: inTime(MINUTE_MS),
    } as const;
    const accounts = [{ ...account, resumes_in_ms: MINUTE_MS, advice: 'Log in.', waiting_ticks: 2, waiting: [] }];
    const told = drawn(viewOf({ holds: [hold], accounts }), { columns: 99 }).lines.join('\n');
    assert.match(told, /Held {10}‖ account claude {2}breaker open {2}1m left {7}the key is refused\n {46}2 ticks wait {2}→ Log in\./);
    assert.equal(told.match(/the key is refused/g)?.length, 1);
  });

  it('names a place by its path in the root', () => {
    const broken_edits = [{ name: 'mail', because: '/srv/bus/cadences/mail.yaml:2:1  not valid YAML' } as TopView['broken_edits'][number]];
    assert.match(drawn(viewOf({ broken_edits })).lines.join('\n'), /! mail: the last good version goes on: cadences\/mail\.yaml:2:1 {2}not valid YAML/);
  });

  it('moves when the first time on the screen does, and never for one that is out of sight', () => {
    assert.equal(drawn(TROUBLE, { rows: 16 }).movesInMs, 1_000);
    const calm = viewOf({ cadences: [cadenceOf('later', { next: inTime(90_400) })] });
    assert.equal(drawn(calm).movesInMs, 30_400);
    assert.equal(drawn(calm, { rows: 3 }).movesInMs, undefined);
    assert.equal(drawn(calm, { isHelp: true }).movesInMs, undefined);
  });

  it('is one text without a screen: all of it, and of the events the last ten', () => {
    const events = Array.from({ length: 12 }, (_, n) => eventOf(n, 'resumed', { key: `cadence:job-${n}` }));
    const lines = plainPicture({ view: { ...TROUBLE, events }, refused: undefined }, { columns: Number.POSITIVE_INFINITY, nowMs: NOW_MS, paint: PLAIN }).split(
      '\n',
    );
    assert.match(lines[1] ?? '', /6 cadences: 1 failing, 1 held, 1 running, 2 healthy, 1 disabled$/);
    assert.equal(lines.filter((line) => line.includes('goes on')).length, 10);
    assert.match(lines.at(-1) ?? '', /job-11 goes on$/);
  });
});

describe('A44 whatever a bus is called and has said', () => {
  const withText = (text: string): TopView =>
    viewOf({
      root: `/srv/${text}`,
      owner: { state: 'running', pid: 1, started_at: inTime(0), version: text, because: text },
      cadences: [
        cadenceOf(text, { status: 'failing', last_summary: text, last_run: inTime(-1), waits_because: text, next: inTime(5) }),
        cadenceOf('b', { status: 'put_off', last_summary: text }),
      ],
      holds: [{ key: `cadence:${text}`, state: 'open', until: text, because: text, failures: 1 }],
      incidents: [{ id: text, cadence: text, state: 'open', title: text, occurrences: 1, last_at: inTime(0) }],
      broken_edits: [{ name: text, because: text } as TopView['broken_edits'][number]],
      settings_fault: text,
      misnamed: [text],
      running: [{ ...runningOf(text, -1, text), run_id: text }],
      events: [
        eventOf(0, 'notice_failed', { cadence: text, sink: text, because: text }),
        eventOf(0, 'output', { event: text }),
        { ...eventOf(0, 'config_broken', { where: text }), ts: text },
      ],
    });
  const hostile = fc.oneof(
    fc.string({ unit: 'binary', maxLength: 60 }),
    fc.constantFrom('\u001b[2J\u001b]0;owned\u0007', '\u001b[31mred', '日本語'.repeat(90), '\u009b31m', 'a\tb\nc\r'),
  );
  const size = fc.constantFrom([40, 10], [80, 24], [200, 60], [1, 1], [3, 2], [60, 3], [0, 0]);

  it('no line is too wide, no line is too many, and nothing in it is obeyed by a terminal but our colours', () => {
    fc.assert(
      fc.property(hostile, size, fc.nat(40), fc.boolean(), (text, [columns = 0, rows = 0], scroll, isHelp) => {
        const of = { columns, rows, scroll, isHelp, refused: text };
        assert.doesNotMatch(drawn(withText(text), of).lines.join(''), /\u001b/, 'not even a colour');
        const { lines } = drawn(withText(text), { ...of, paint: PAINTED });
        assert.equal(lines.length, rows);
        for (const line of lines) {
          assert.ok(widthOf(line) <= columns, JSON.stringify(line));
          assert.doesNotMatch(line.replaceAll(/\u001b\[(?:31|0)m/g, ''), /[\u0000-\u001f\u007f-\u009f\u200e\u200f\u202a-\u202e\u2066-\u2069]/);
          assert.equal(fit(line, true), line, 'and the last gate before the terminal has nothing left to do');
        }
      }),
    );
  });
});

describe('A44 a key', () => {
  it('is found among others, and is none where it only begins one', () => {
    assert.deepEqual(wishesOf('jk\u001b[B\u001b[5~?q'), ['down', 'up', 'down', 'page_up', 'help', 'quit']);
    assert.deepEqual(wishesOf('\u001b\u001b[1;5Cx\u001bOAconstructor'), [undefined, undefined, undefined, 'up', ...Array.from('constructor', () => undefined)]);
  });

  it('scrolls no further than there is something, and hides the keys where they are shown', () => {
    const at = { page: 10, lastScroll: 25 };
    const gaze = (scroll: number, isHelp = false): { scroll: number; isHelp: boolean } => ({ scroll, isHelp });
    assert.deepEqual(turn(gaze(0), 'up', at), gaze(0));
    assert.deepEqual(turn(gaze(20), 'page_down', at), gaze(25));
    assert.deepEqual(turn(gaze(20), 'page_up', at), gaze(10));
    assert.deepEqual(turn(gaze(3), 'end', at), gaze(25));
    assert.deepEqual(turn(gaze(3), 'home', at), gaze(0));
    assert.deepEqual(turn(gaze(3), 'help', at), gaze(3, true));
    assert.deepEqual(turn(gaze(3, true), 'down', at), gaze(3));
    assert.deepEqual(turn(gaze(3), undefined, at), gaze(3));
    assert.equal(turn(gaze(3, true), 'quit', at), undefined);
  });
});
