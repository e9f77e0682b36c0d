import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { createYard, finalRecord } from './owner-yard.ts';

describe('what an owner says', () => {
  it('D32 M28 is words on its terminal and, for what needs attention, JSON in the log of the bus; it stops when it is asked to, once all is written', async () => {
    const yard = createYard();
    yard.shell('fails', 'echo broken >&2; exit 3', 'retry: { attempts: 1 }');
    yard.inline('hello', 'return "hello";');
    const owner = await yard.start();
    const dead = await finalRecord(yard, await yard.enqueue('fails'));
    const fine = await finalRecord(yard, await yard.enqueue('hello'));
    owner.kill('SIGTERM');
    const { code, stdout, stderr } = await owner.ended;
    assert.equal(code, 0, stderr);
    assert.match(`${stdout}${stderr}`, /fails failed \(try 1\): exit 3: broken/);
    const lines = readdirSync(yard.paths.logs)
      .filter((file) => /^bus-.*\.log$/.test(file))
      .flatMap((file) => readFileSync(join(yard.paths.logs, file), 'utf8').trim().split('\n'))
      .map((line) => JSON.parse(line) as Record<string, unknown>);
    const ended = lines.filter(({ stage }) => stage === 'subsession_failed' || stage === 'run_finished').map(({ run_id }) => run_id);
    // Quiet is healthy: a run that ended well is in the log of runs and on the terminal only.
    assert.deepEqual(ended, [dead.run_id]);
    assert.deepEqual(
      yard
        .records()
        .filter(({ cadence }) => !cadence.startsWith('bus-'))
        .map(({ run_id }) => run_id),
      [dead.run_id, fine.run_id],
    );
    assert.equal(lines.at(-1)?.stage, 'owner_stopped');
  });
});
