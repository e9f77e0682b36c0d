import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { createFiles } from '../../lib/platform/files.ts';
import type { Http } from '../../lib/ports.ts';
import { cutFiles } from '../support/cut-files.ts';
import { inFastFolder } from '../support/fast-folder.ts';
import { incidentsOf, noticeYard } from '../support/notice-yard.ts';
import { tempRoot } from '../support/temp-root.ts';

const MINUTE = 60_000;
interface Posted {
  readonly host: string;
  readonly kind: string;
  readonly cadence: string;
  readonly key: string;
  readonly text: string;
}

/** Takes everything, but for one host that is always ill. */
function network(posted: Posted[]): Http {
  return {
    async post({ url, body }) {
      const host = new URL(url).hostname;
      if (host === 'dead.example') return { kind: 'answer', status: 503, retryAfterMs: undefined, text: 'down' };
      posted.push({ host, ...(JSON.parse(body) as Omit<Posted, 'host'>) });
      return { kind: 'answer', status: 204, retryAfterMs: undefined, text: '' };
    },
  };
}

/** A thousand failures in a minute. */
const [ROUNDS, ROUND_MS] = [20, 3_000];
const NAMES = Array.from({ length: 50 }, (_, n) => `job-${String(n).padStart(2, '0')}`);
const CADENCE = 'run: { command: ["true"] }\nretry: { attempts: 1, delays: [1s] }\nbreaker: { failures: 1000 }\nlane: wide\n';

describe('a storm', () => {
  it('of a thousand failures in a minute, of 50 cadences, tells five of them and the rest in one summary, though another sink is dead', async () => {
    const posted: Posted[] = [];
    let fails = true;
    const yard = await noticeYard({
      root: inFastFolder(tempRoot),
      bus: 'lanes: { wide: 50 }\nnotify: { after: 3, webhook: { url: "https://well.example/hook" } }\n',
      cadences: {
        ...Object.fromEntries(NAMES.map((name) => [name, CADENCE])),
        'job-00': `${CADENCE}notify: { webhook: { url: "https://dead.example/hook" } }\n`,
      },
      outcome: () => (fails ? { kind: 'fail', blame: 'cadence', reason: 'exit 1: no route' } : { kind: 'ok', summary: '' }),
      http: network(posted),
    });
    for (let round = 0; round < ROUNDS; round += 1) {
      await yard.run(...NAMES);
      yard.clock.advance(ROUND_MS);
    }
    assert.equal(incidentsOf(yard.root).length, 50);
    assert.equal(
      incidentsOf(yard.root).reduce((sum, { occurrences }) => sum + Number(occurrences), 0),
      50 * ROUNDS,
    );
    const alone = posted.length;
    assert.ok(alone <= 5, `${alone} were told one by one`);
    assert.equal(new Set(posted.map(({ cadence }) => cadence)).size, alone, 'no incident was told twice');
    await yard.pass(10 * MINUTE);
    assert.deepEqual([posted.length - alone, posted.at(-1)?.kind], [1, 'summary']);
    assert.match(posted.at(-1)?.text ?? '', /^4\d cadences fail as well: job-/);
    fails = false;
    await yard.run(...NAMES);
    await yard.pass(10 * MINUTE);
    const recoveries = posted.filter(({ kind }) => kind === 'recovery');
    assert.ok(recoveries.length <= 5 && posted.filter(({ kind }) => kind === 'summary').length === 2);
    assert.match(posted.at(-1)?.text ?? '', /have recovered: job-/);
    assert.ok(yard.events.filter(({ stage }) => stage === 'notice_failed').every(({ cadence }) => cadence === 'job-00'));
  });

  it('two pages of one server are two who are told: each of its own, and a dead one silences no other', async () => {
    const pages = new Map<string, string[]>();
    const http: Http = {
      async post({ url, body }) {
        const { pathname } = new URL(url);
        if (pathname === '/dead') return { kind: 'answer', status: 500, retryAfterMs: undefined, text: 'down' };
        pages.set(pathname, [...(pages.get(pathname) ?? []), (JSON.parse(body) as Posted).text]);
        return { kind: 'answer', status: 204, retryAfterMs: undefined, text: '' };
      },
    };
    const teams = ['dead', 'ops', 'dev'];
    const names = teams.flatMap((team) => [1, 2, 3].map((n) => `${team}-${n}`));
    const yard = await noticeYard({
      root: inFastFolder(tempRoot),
      bus: 'lanes: { wide: 1 }\n',
      cadences: Object.fromEntries(
        names.map((name) => [name, `${CADENCE}notify: { on: [failure], webhook: { url: "https://chat.example/${name.split('-')[0]}" } }\n`]),
      ),
      outcome: () => ({ kind: 'fail', blame: 'cadence', reason: 'exit 1: no route' }),
      http,
    });
    for (const name of names) await yard.run(name);
    await yard.pass(11 * MINUTE);
    assert.deepEqual(
      [...pages].map(([page, texts]) => [page, texts.map((text) => text.replace(/ failed: .*| See .*/, ''))]),
      [
        ['/ops', ['ops-1', 'ops-2', 'ops-3 fails as well.']],
        ['/dev', ['3 cadences fail as well: dev-1, dev-2, dev-3.']],
      ],
    );
  });

  it('what an owner that dies at any write has told is told once, and its summary comes', async () => {
    for (let n = 1; n <= 43; n += 7) {
      const posted: Posted[] = [];
      const names = NAMES.slice(1, 9);
      const yard = await noticeYard({
        root: inFastFolder(tempRoot),
        bus: 'lanes: { wide: 50 }\nnotify: { after: 1, webhook: { url: "https://well.example/hook" } }\n',
        cadences: Object.fromEntries(names.map((name) => [name, CADENCE])),
        outcome: () => ({ kind: 'fail', blame: 'cadence', reason: 'exit 1: no route' }),
        http: network(posted),
      });
      await yard.run(...names);
      assert.equal(posted.length, 5);
      yard.clock.advance(10 * MINUTE);
      const files = cutFiles(createFiles(), n);
      await Promise.race([yard.restart(files), files.died]).catch((error: Error) => {
        if (error.message !== 'killed') throw error;
      });
      await yard.restart();
      const summaries = posted.filter(({ kind }) => kind === 'summary');
      assert.equal(new Set(summaries.map(({ key }) => key)).size, 1, `cut after call ${n}`);
      assert.ok(summaries.length <= 2, `cut after call ${n}: only what was under way may come twice`);
      assert.equal(posted.filter(({ kind }) => kind === 'failure').length, 5, `cut after call ${n}`);
    }
  });

  it('P27 the digest tells also of what was never told, for it never failed often enough in a row', async () => {
    const posted: Posted[] = [];
    let fails = true;
    const yard = await noticeYard({
      root: inFastFolder(tempRoot),
      bus: 'notify: { webhook: { url: "https://well.example/hook" } }\n',
      cadences: { sync: CADENCE.replace('lane: wide\n', '') },
      outcome: () => (fails ? { kind: 'fail', blame: 'cadence', reason: 'exit 1: no route' } : { kind: 'ok', summary: '' }),
      http: network(posted),
    });
    assert.equal(yard.read('state/cadence-bus/alerts.json'), '', 'nothing is written where nothing ever failed');
    for (let episode = 0; episode < 22; episode += 1) {
      for (fails of [true, false]) {
        await yard.run('sync');
        await yard.pass(15 * MINUTE);
      }
      await yard.pass(11 * 3_600_000);
    }
    assert.deepEqual(
      posted.map(({ kind }) => kind),
      ['digest'],
    );
    assert.match(posted[0]?.text ?? '', /^This week.*\nsync: 1\d times \(1\d failures\), at most 15m\nSee cadence-bus learn\.$/);
  });

  it('P27 what always heals by itself is told once a week, in one digest', async () => {
    const posted: Posted[] = [];
    let fails = true;
    const yard = await noticeYard({
      root: inFastFolder(tempRoot),
      bus: 'lanes: { wide: 1 }\nnotify: { after: 2, cooldown: 0, webhook: { url: "https://well.example/hook" } }\n',
      cadences: { sync: CADENCE },
      outcome: () => (fails ? { kind: 'fail', blame: 'cadence', reason: 'exit 1: no route' } : { kind: 'ok', summary: '' }),
      http: network(posted),
    });
    for (let episode = 0; episode < 16; episode += 1) {
      for (fails of [true, true, false]) {
        await yard.run('sync');
        await yard.pass(15 * MINUTE);
      }
      await yard.pass(11 * 3_600_000);
    }
    const kinds = posted.map(({ kind }) => kind);
    assert.equal(kinds.filter((kind) => kind === 'failure').length, 10, kinds.join(' '));
    assert.equal(kinds.filter((kind) => kind === 'digest').length, 1);
    assert.match(
      posted.find(({ kind }) => kind === 'digest')?.text ?? '',
      /^This week.*\nsync: \d+ times \(\d+ failures\), at most 30m\nSee cadence-bus learn\.$/,
    );
  });
});
