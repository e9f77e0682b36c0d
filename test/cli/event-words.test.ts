import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Paint } from '../../lib/cli/command.ts';
import { describeEvent } from '../../lib/cli/event-words.ts';

const plain = new Proxy({}, { get: () => (text: string) => text }) as Paint;

describe('an event in words', () => {
  it('marks as well only a run that went well', () => {
    const marks = ['succeeded', 'unverified', 'interrupted', 'cancelled', 'expired', 'skipped'].map((status) =>
      describeEvent({ ts: '2026-11-20T07:00:00.000Z', level: 'info', stage: 'run_finished', cadence: 'job', status, duration_ms: 5 }, plain, '/root')?.slice(
        0,
        1,
      ),
    );
    assert.deepEqual(marks, ['✓', '?', '‖', '=', '=', '=']);
  });

  it('says where what was given up lies, or why where no file is left', () => {
    const given = { ts: '2026-11-20T07:00:00.000Z', level: 'error', stage: 'dead_lettered', cadence: 'job', because: 'there is no cadences/job.yaml' } as const;
    assert.equal(describeEvent({ ...given, reason: 'unknown-cadence' }, plain, '/root'), '☠ job given up as unknown-cadence: there is no cadences/job.yaml');
    const where = describeEvent({ ...given, reason: 'exhausted', path: '/root/state/cadence-bus/dlq/x.json' }, plain, '/root');
    assert.match(where ?? '', /^☠ job given up as exhausted: \S*dlq\/x\.json$/);
  });
});
