import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import type { Episode, Incident } from '../../../lib/core/incident/incident.ts';
import { digestOf, episodesOf, isSuppressed, learn, PATTERNS } from '../../../lib/core/incident/learning.ts';

const NOW_MS = Date.UTC(2026, 10, 20, 12);
const HOUR = 3_600_000;
const at = (hoursAgo: number): string => new Date(NOW_MS - hoursAgo * HOUR).toISOString();

function incident(episodes: readonly Episode[], more: Partial<Incident> = {}): Incident {
  return {
    ...{ format: 1, id: '2026-11-01T00-00-00Z-sync-exit', fingerprint: 'f', cadence: 'sync', cadences: ['sync'], detector: 'exit', title: 'x' },
    ...{ state: 'open', first_at: at(1), last_at: at(0), occurrences: 1, run_ids: [], level: 'none', attempts: 0 },
    episodes,
    ...more,
  } as Incident;
}

/** `s` healed itself, `h` needed a person, `o` goes on; one a day, the last one today; a number: so many failures in it. */
function story(words: string): readonly Episode[] {
  return words.split(' ').map((word, n, all) => {
    const opened_at = at((all.length - n) * 24);
    const occurrences = Number(word.slice(1) || 1);
    if (word[0] === 'o') return { opened_at, occurrences };
    return { opened_at, occurrences, ended_at: at((all.length - n) * 24 - 1), by: 'proof', ...(word[0] === 'h' ? { asked_human: true as const } : {}) };
  });
}

function learned(words: string, { after = 3, reloadsInVain = 0 } = {}) {
  const episodes = episodesOf(words === '' ? [] : [incident(story(words))], NOW_MS).get('sync') ?? [];
  return learn({ cadence: 'sync', episodes, after, reloadsInVain });
}

const s = (times: number): string => Array.from({ length: times }, () => 's').join(' ');

describe('P27 what is learned of a cadence', () => {
  const cases: readonly (readonly [words: string, pattern: string | null, threshold: number, suppressed: boolean, why: string])[] = [
    ['', null, 3, false, 'it has not failed'],
    [s(2), null, 3, false, 'two episodes have no name'],
    [s(3), 'intermittent', 3, false, 'three do'],
    [s(9), 'intermittent', 3, false, 'nine are not ten'],
    [s(10), 'chronic_cycle', 10, true, 'ten that healed themselves are noise'],
    [`h ${s(10)}`, 'chronic_cycle', 10, true, 'ten in a row, whatever was before'],
    [`${s(10)} h`, 'intermittent', 3, false, 'the row is broken'],
    [`${s(10)} o`, 'chronic_cycle', 10, true, 'it fails once more, as it always does'],
    [`${s(10)} o3`, 'persistent', 2, false, 'it does not heal as it used to'],
    ['h h h s s', 'persistent', 2, false, 'five, and fewer than half healed themselves'],
    ['h h s s', 'intermittent', 3, false, 'four are not five'],
    ['h h s s s', 'intermittent', 3, false, 'more than half did'],
    ['o3', 'persistent', 2, false, 'it fails and fails'],
    ['o2', null, 3, false, 'twice is not three times'],
  ];
  for (const [words, pattern, threshold, suppressed, why] of cases) {
    it(`is ${pattern ?? 'nothing'} after "${words}": ${why}`, () => {
      const told = learned(words);
      assert.deepEqual([told.pattern, told.threshold, told.suppressed], [pattern, threshold, suppressed]);
      assert.notEqual(told.because, '');
      assert.equal(told.episodes.length, words === '' ? 0 : words.split(' ').length);
    });
  }

  it('is reload_cycle where three reloads of its timer did not hold', () => {
    assert.equal(learned(s(4), { reloadsInVain: 2 }).pattern, 'intermittent');
    assert.deepEqual([learned(s(4), { reloadsInVain: 3 }).pattern, learned('', { reloadsInVain: 3 }).threshold], ['reload_cycle', 2]);
  });

  it('P24 forgets what ended more than thirty days ago, and keeps what goes on', () => {
    const old: readonly Episode[] = [{ opened_at: at(40 * 24), occurrences: 1, ended_at: at(31 * 24), by: 'proof' }];
    assert.deepEqual([...episodesOf([incident(old)], NOW_MS)], []);
    assert.equal(episodesOf([incident([{ opened_at: at(40 * 24), occurrences: 9 }])], NOW_MS).get('sync')?.length, 1);
  });

  it('counts what an operator ended, and an account by its own name', () => {
    const ended: readonly Episode[] = [{ opened_at: at(5), occurrences: 1, ended_at: at(4), by: 'operator' }];
    assert.equal(episodesOf([incident(ended)], NOW_MS).get('sync')?.[0]?.healed, 'by_a_person');
    assert.deepEqual([...episodesOf([incident(ended, { account: 'work' })], NOW_MS).keys()], ['account:work']);
  });

  it('never hides what nothing more is tried for, what is critical, or what does not heal as it used to', () => {
    const chronic = learned(s(12));
    const open = (more: Partial<Incident>, occurrences = 1) => isSuppressed(chronic, incident([{ opened_at: at(0), occurrences }], more));
    assert.equal(open({}), true);
    assert.equal(open({ state: 'needs_human' }), false);
    assert.equal(open({ level: 'critical' }), false);
    assert.equal(open({}, 10), false);
    assert.equal(isSuppressed(learned(s(3)), incident([])), false);
  });

  it('gathers in a digest what was told to nobody in a week', () => {
    const all = [learned(s(12)), learned(s(3))];
    assert.deepEqual(digestOf(all, NOW_MS), [{ cadence: 'sync', episodes: 7, failures: 7, longest: '1h' }]);
    assert.deepEqual(digestOf([learned(s(3))], NOW_MS), []);
  });

  it('suppresses only what has healed itself ten times in a row, whatever happened', () => {
    const words = fc.array(fc.constantFrom('s', 'h', 'o', 'o3', 's2'), { maxLength: 28, size: 'max' });
    fc.assert(
      fc.property(words, fc.integer({ min: 1, max: 20 }), fc.integer({ min: 0, max: 4 }), (all, after, reloadsInVain) => {
        const told = learned(all.join(' '), { after, reloadsInVain });
        assert.ok(told.pattern === null || PATTERNS.includes(told.pattern));
        if (told.suppressed) assert.ok(told.threshold >= 10 && told.episodes.filter(({ healed }) => healed === 'itself').length >= 10);
        else assert.ok(told.threshold <= after, 'whoever asked to be told early is told as early');
      }),
      { numRuns: 300 },
    );
  });
});

it('P27 whoever asked to be told of each failure is told of each, whatever was learned', () => {
  const { pattern, threshold, suppressed } = learned(s(12), { after: 1 });
  assert.deepEqual([pattern, threshold, suppressed], ['chronic_cycle', 1, false]);
});
