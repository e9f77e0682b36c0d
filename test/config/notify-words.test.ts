import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { alertPolicy } from '../../lib/core/notice/policy.ts';
import { fileSchema } from '../../lib/wire/json-schemas.ts';
import { loadOne } from './definition-yard.ts';

const load = (on: string) => loadOne('train.yaml', `run: { command: [train] }\nnotify: { on: ${on}, log: true }\n`);

function kinds(on: string): unknown {
  const { cadence, problems } = load(on);
  assert.deepEqual(problems, []);
  const notify = cadence?.followUps?.notify;
  return notify === 'none' ? notify : notify?.on;
}

describe('A61 the words of notify.on', () => {
  it('A61 exit is complete and anomaly is failure, and the same kind named twice is told once', () => {
    assert.deepEqual(kinds('[exit, anomaly, start, recovery]'), ['complete', 'failure', 'start', 'recovery']);
    assert.deepEqual(kinds('[anomaly, failure, complete, exit]'), ['failure', 'complete']);
    assert.deepEqual(kinds('[start, success, failure, complete, recovery]'), ['start', 'success', 'failure', 'complete', 'recovery']);
    const policy = load('[anomaly]').cadence?.followUps?.notify;
    assert.equal(alertPolicy(undefined, policy).after, 1, 'who asks for anomalies asks for each of them');
  });

  it('A61 what is no such word is refused with the words that are, and the one that was meant', () => {
    for (const [wrong, meant] of [
      ['exits', 'exit'],
      ['anomoly', 'anomaly'],
      ['failures', 'failure'],
    ]) {
      const [problem, ...more] = load(`[start, ${wrong}]`).problems;
      assert.deepEqual(more, []);
      assert.match(problem?.message ?? '', /expected one of start, success, failure, complete, recovery, exit, anomaly/);
      assert.equal(problem?.hint, `Did you mean "${meant}"?`);
    }
  });

  it('A61 the schema that editors use takes them, and says what they stand for', () => {
    for (const name of ['cadence', 'bus'] as const) {
      const text = JSON.stringify(fileSchema(name));
      assert.match(text, /"enum":\["start","success","failure","complete","recovery","exit","anomaly"\]/);
      assert.match(text, /exit is another word for complete, anomaly for failure/);
    }
  });
});
