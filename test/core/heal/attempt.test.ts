import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { ATTEMPT_STATUSES, ATTEMPTS_HEADER, type Attempt, formatAttempt, parseAttempt, readAttempts } from '../../../lib/core/heal/attempt.ts';

const ROW: Attempt = {
  ...{ timestamp: '2026-11-20T07:00:00.000Z', incident_id: '2026-11-20T07-00-00Z-train-oom', detector: 'oom', source: 'rule:restart_with_env' },
  ...{ branch: '', status: 'pending', duration: 0, description: 'try again with BATCH=4' },
};

describe('the ledger of attempts', () => {
  it('A31 has its columns in their order, and the last row of an attempt holds', () => {
    assert.equal(ATTEMPTS_HEADER, 'timestamp\tincident_id\tdetector\tsource\tbranch\tstatus\tduration\tdescription\n');
    const other = { ...ROW, timestamp: '2026-11-20T08:00:00.000Z', source: 'agent', duration: 12.5 };
    const text = ATTEMPTS_HEADER + [ROW, other, { ...ROW, status: 'kept' as const }].map(formatAttempt).join('');
    assert.deepEqual(readAttempts(text), { attempts: [{ ...ROW, status: 'kept' }, other], broken: [] });
  });

  it('is one line a row, whatever is described, and reads back what was written', () => {
    fc.assert(
      fc.property(fc.string(), fc.constantFrom(...ATTEMPT_STATUSES), fc.nat(), (description, status, duration) => {
        const line = formatAttempt({ ...ROW, description, status, duration });
        const read = parseAttempt(line.slice(0, -1));
        assert.ok(line.indexOf('\n') === line.length - 1 && read !== undefined);
        assert.deepEqual([read.status, read.duration, read.incident_id], [status, duration, ROW.incident_id]);
        assert.equal(formatAttempt(read), line);
      }),
    );
  });

  it('keeps lines that are no rows apart', () => {
    const torn = formatAttempt(ROW).slice(0, 40);
    const { attempts, broken } = readAttempts(`${ATTEMPTS_HEADER}${formatAttempt(ROW)}garbage\n${torn}\n${formatAttempt(ROW).replace('pending', 'maybe')}`);
    assert.deepEqual([attempts.length, broken.length], [1, 3]);
  });
});
