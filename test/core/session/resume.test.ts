import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { RunRecord } from '../../../lib/core/run.ts';
import { SESSION_CLASSES } from '../../../lib/core/session/class.ts';
import { resumePrompt, sessionToResume } from '../../../lib/core/session/resume.ts';

const WORKED = {
  session_id: '45944dd0-2f3e-47a3-b047-7d3a88ffd6a9',
  turns: 2,
  tokens: { opus: { input: 1, output: 1, cache_read: 0, cache_write: 0, cost_usd: 1 } },
};
const last = (more: Partial<RunRecord>): RunRecord => ({ status: 'failed', ...WORKED, ...more }) as RunRecord;

describe('the session that a next try goes on with', () => {
  it('is one that had worked and was cut short by the account, by a signal or by us', () => {
    for (const [kind, { scope }] of Object.entries(SESSION_CLASSES)) {
      if (scope === 'nobody' && kind !== 'killed') continue;
      const found = sessionToResume(last({ blame: scope, class: kind }));
      assert.equal(found?.id, scope === 'cadence' ? undefined : WORKED.session_id, kind);
    }
    assert.deepEqual(sessionToResume(last({ status: 'interrupted' })), { id: WORKED.session_id, because: 'it was stopped' });
  });

  it('is none where nothing was done, nothing is known, or nothing ran', () => {
    const overloaded = { blame: 'account', class: 'overloaded' } as const;
    assert.equal(sessionToResume(undefined), undefined);
    assert.equal(sessionToResume(last({ ...overloaded, turns: 0 })), undefined);
    assert.equal(sessionToResume(last({ ...overloaded, tokens: {} })), undefined);
    const { session_id: _none, ...unknown } = last(overloaded);
    assert.equal(sessionToResume(unknown), undefined);
  });

  it('hears in our words alone why it was cut short', () => {
    assert.equal(
      resumePrompt(sessionToResume(last({ blame: 'account', class: '$(evil)' }))?.because ?? ''),
      'Your last try was cut short, and not by you: it was stopped. Go on where you stopped. What is done already need not be done again.\n',
    );
  });
});
