import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { pathsOf } from '../../../lib/core/paths.ts';
import { undiagnosed, watchAgent } from '../../../lib/core/watch/agent.ts';
import type { Repair, Worry } from '../../../lib/core/watch/watch.ts';

const NOW = Date.UTC(2026, 10, 20, 7);
const worry = (key: string): Worry => ({ key, level: 'urgent', words: key, next: '' });
const reload = (name: string): Repair => ({ kind: 'reload', name, label: name, because: '' });

describe('P12 P38 an agent looks where a repair did not help', () => {
  it('for what was tried and stayed, once a day, and for nothing else', () => {
    const worries = [worry('owner'), worry('timer:five'), worry('late:six'), worry('cadence:job')];
    const keys = (repairs: readonly Repair[], diagnosed = {}): readonly string[] => undiagnosed(worries, repairs, diagnosed, NOW).map(({ key }) => key);
    assert.deepEqual(keys([]), []);
    assert.deepEqual(keys([reload('five'), reload('six'), { kind: 'start_owner', because: '' }]), ['owner', 'timer:five', 'late:six']);
    assert.deepEqual(keys([reload('owner')]), ['owner']);
    const at = (hoursAgo: number) => ({ 'timer:five': new Date(NOW - hoursAgo * 3_600_000).toISOString() });
    assert.deepEqual([keys([reload('five')], at(23)), keys([reload('five')], at(24)), keys([reload('five')], at(-1))], [[], ['timer:five'], ['timer:five']]);
  });

  it('with a budget of one dollar where nothing else is said, tools that only read, one try, and an account that can be held', () => {
    const cadence = watchAgent(pathsOf('/srv'), { enabled: true, maxUsd: 1 });
    assert.ok(cadence.run.kind === 'claude');
    assert.deepEqual(cadence.run.args.slice(0, 2), ['--max-budget-usd', '1']);
    assert.deepEqual([cadence.budget?.runUsd, cadence.retry.attempts, cadence.account, cadence.run.args.includes('Read,Grep,Glob')], [1, 1, 'claude', true]);
  });
});
