import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import * as fc from 'fast-check';
import type { Attempt } from '../../../lib/core/heal/attempt.ts';
import type { Incident } from '../../../lib/core/incident/incident.ts';
import { learn } from '../../../lib/core/incident/learning.ts';
import type { RunRecord } from '../../../lib/core/run.ts';
import { isLostHead, isOwnHead } from '../../../lib/core/vault/note.ts';
import { MOST_INCIDENTS, newestIncidents, type VaultSource } from '../../../lib/core/vault/source.ts';
import { renderVault } from '../../../lib/core/vault/vault.ts';
import { assertLinked, readNote } from '../../support/vault-yard.ts';

const AT = '2026-11-20T07:00:02.000Z';
const ID = '2026-11-20T07-00-02Z-backup-exit';

function incident(words: string, more: Partial<Incident> = {}): Incident {
  return {
    ...{ format: 1, id: ID, fingerprint: 'f', cadence: 'backup', cadences: ['backup'], detector: 'exit', title: words, state: 'needs_human' },
    ...{ first_at: AT, last_at: AT, occurrences: 2, run_ids: ['aaaaaaaaaaaa-1', 'bbbbbbbbbbbb-1'], level: 'warning', attempts: 1 },
    ...{ asked: { at: AT, because: words, sinks: [] }, episodes: [{ opened_at: AT, occurrences: 2 }] },
    ...more,
  };
}

function source(words: string, more: Partial<VaultSource> = {}): VaultSource {
  const attempt: Attempt = {
    timestamp: AT,
    incident_id: ID,
    detector: 'exit',
    source: 'rule:restart',
    branch: words,
    status: 'regressed',
    duration: 0,
    description: words,
  };
  const run: RunRecord = {
    ...{ run_id: 'aaaaaaaaaaaa-1', cadence: 'backup', tick: 'aaaaaaaaaaaa', attempt: 1, status: 'dead', reason: words, summary: words, started_at: AT },
    ...{ ended_at: AT, duration_ms: 1, exit_code: 3, signal: null, cost_usd: null, stdout_path: null, stderr_path: null, stderr_tail: words },
  };
  const episodes = [1, 2, 3].map(() => ({ incident_id: ID, opened_at: AT, ended_at: AT, occurrences: 1, healed: 'itself' as const }));
  return {
    root: '/agents/a',
    cadences: [{ name: 'backup', description: words }],
    incidents: [incident(words)],
    olderIncidents: 0,
    attempts: [attempt, { ...attempt, status: 'kept', source: 'human' }],
    learned: [learn({ cadence: 'backup', episodes, after: 3, reloadsInVain: 0 }), learn({ cadence: 'account:a', episodes, after: 3, reloadsInVain: 0 })],
    dead: [{ tick: 'aaaaaaaaaaaa', cadence: 'backup', attempts: 1, reason: 'exhausted', because: words, died_at: AT }],
    olderDead: 0,
    runs: new Map([[run.run_id, run]]),
    ...more,
  };
}

function rendered(from: VaultSource): ReadonlyMap<string, string> {
  return new Map([...renderVault(from)].map(([path, text]) => [path.replace(/\.md$/, ''), text]));
}

describe('A48 the notes of the vault', () => {
  it('A48 lead from the run to its incident, to what was tried, to what came of it, and to the cadence', () => {
    const notes = rendered(source('exit 3'));
    const linksOf = (path: string): readonly string[] => readNote(notes.get(path) ?? '').links;
    assert.deepEqual([...notes.keys()].toSorted(), [
      ...[`attempts/${ID}-1`, `attempts/${ID}-2`, 'cadences/backup', 'dead/aaaaaaaaaaaa', 'graph'],
      ...[`incidents/${ID}`, 'index', 'patterns/intermittent', 'runs/aaaaaaaaaaaa-1'],
    ]);
    assertLinked(notes);
    assert.deepEqual(linksOf('runs/aaaaaaaaaaaa-1'), ['cadences/backup', `incidents/${ID}`, 'dead/aaaaaaaaaaaa']);
    for (const path of ['cadences/backup', `attempts/${ID}-1`, 'runs/aaaaaaaaaaaa-1', 'patterns/intermittent'])
      assert.ok(linksOf(`incidents/${ID}`).includes(path), path);
    assert.ok(!linksOf(`incidents/${ID}`).includes('runs/bbbbbbbbbbbb-1'), 'a run that is on record no more has no note, and is only named');
    assert.deepEqual(linksOf(`attempts/${ID}-1`), [`incidents/${ID}`, 'cadences/backup', `attempts/${ID}-2`]);
    const { front, tags } = readNote(notes.get(`attempts/${ID}-1`) ?? '');
    assert.deepEqual([front.type, front.status, front.began_at, front.generated_by], ['attempt', 'regressed', AT, 'cadence-bus']);
    assert.deepEqual([front.tags, tags], [tags, ['cadence/backup', 'detector/exit', 'outcome/regressed', 'source/rule']]);
    assert.match(notes.get('graph') ?? '', /raaaaaaaaaaaa_1\["run aaaaaaaaaaaa-1"\] --> i0\n[\s\S]*i0 --> a0_1\["attempt 1, rule_restart"\] --> o_regressed/);
  });

  it('A48 hold whatever text comes from outside: nothing of it is front matter, link, tag or structure', () => {
    const piece = fc.constantFrom(
      '`',
      '```',
      '\n',
      '\r\n',
      '---',
      '\n---\n',
      '[[index]]',
      '[[gone|x]]',
      '#tag',
      '|',
      '"',
      '\\',
      ': ',
      '\u2028',
      '\u0085',
      '\u0000',
      '%%',
      '# h',
      'a',
      ' ',
      '\t',
      '😀',
      '\ud800',
    );
    void fc.assert(
      fc.property(fc.array(piece, { minLength: 1, maxLength: 30 }), (pieces) => {
        const words = pieces.join('');
        const [calm, wild] = [rendered(source('x')), rendered(source(words))];
        assert.deepEqual([...wild.keys()], [...calm.keys()]);
        for (const [path, text] of wild) {
          const [mine, usual] = [readNote(text), readNote(calm.get(path) ?? '')];
          assert.deepEqual([mine.links, mine.tags, Object.keys(mine.front)], [usual.links, usual.tags, Object.keys(usual.front)], `${path}\n${text}`);
          assert.ok(isOwnHead(text));
          assert.equal(Buffer.from(text).toString(), text, 'what is read back is what was written');
        }
      }),
      { numRuns: 300 },
    );
  });

  it('A48 are safe where a file of the state has names in it that no cadence, run or detector has', () => {
    const bad = incident('x', {
      cadence: '../../etc',
      cadences: ['../../etc', 'a]] [[b'],
      detector: 'x #y [[z]]',
      run_ids: ['../x', 'aaaaaaaaaaaa-1'],
      state: 'x\n# y' as never,
    });
    const notes = rendered(source('x', { incidents: [bad], learned: [] }));
    assertLinked(notes);
    for (const path of notes.keys()) assert.match(path, /^(?:[a-z]+\/)?[A-Za-z0-9-]+$/);
    assert.doesNotMatch(notes.get('graph') ?? '', /[#[]z|# y/);
  });

  it('A48 are of the newest 500 incidents, and the index says how many have none', () => {
    const all = Array.from({ length: 700 }, (_, n) => ({ id: `i${n}`, last_at: new Date(Date.parse(AT) + n * 1000).toISOString() }));
    const newest = newestIncidents(all);
    assert.deepEqual([newest.length, newest[0]?.id, newest.at(-1)?.id], [MOST_INCIDENTS, 'i699', 'i200']);
    assert.match(
      rendered(source('x', { olderIncidents: 200, olderDead: 7 })).get('index') ?? '',
      /newest 500 incidents have a note; 200 older ones have none[\s\S]*7 older ones have none/,
    );
  });

  it('A48 are known by their front matter, whoever has rewritten it, and by nothing else', () => {
    for (const own of [
      '---\ngenerated_by: cadence-bus\n---\n',
      '---\ntags: []\ngenerated_by: "cadence-bus"\nx: 1\n---\n',
      '---\r\ngenerated_by: cadence-bus\r\n---\r\n',
      '---\ngenerated_by: cadence-bus\ntype: "inc',
    ])
      assert.ok(isOwnHead(own), own);
    for (const other of [
      '',
      '# mine\ngenerated_by: cadence-bus\n',
      '---\ntags: []\n---\ngenerated_by: cadence-bus\n',
      '---\ngenerated_by: cadence-bus-mine\n---\n',
      '\n---\ngenerated_by: cadence-bus\n---\n',
    ])
      assert.ok(!isOwnHead(other), other);
    assert.deepEqual(['', '\0\0', '---\ngener'].map(isLostHead), [true, true, true]);
    assert.deepEqual(['x', '---\nmine', '---\ngenerated_by: cadence-bus\n---\n'].map(isLostHead), [false, false, false]);
  });
});
