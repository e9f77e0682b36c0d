import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { eventually } from '../support/eventually.ts';
import { CHILDREN, claudeRun, SESSIONS, workbench } from './workbench.ts';

const bench = workbench();
const claudePath = join(bench.root, 'claude');
writeFileSync(claudePath, `#!/bin/sh\nexec '${process.execPath}' '${join(CHILDREN, 'fake-claude.mjs')}' "$@"\n`, { mode: 0o755 });
bench.settings.current = { ...bench.settings.current, claudePath };
writeFileSync(join(bench.root, 'duty.md'), 'Do it.\n');
const claude = claudeRun(bench.root, join(bench.root, 'duty.md'));
Object.assign(bench.env, { CLAUDE_FAKE_SESSION: join(SESSIONS, 'stream-tool-allowed'), CLAUDE_FAKE_HANGS: '1' });

describe('a session with a tool at work in a session of its own', () => {
  it('ends with its tool when it is asked to, and leaves nobody', async () => {
    bench.env.CLAUDE_FAKE_TOOL = '1';
    const job = bench.job(claude);
    const stop = bench.stop();
    const end = bench.run(job, stop);
    await bench.hear(job, /"tool_result"/);
    stop.stop('cancel');
    assert.deepEqual((await end).ending?.survivors, []);
    assert.deepEqual(await bench.people(job), []);
  });

  it('takes a daemon with it that its tool has left behind (setsid nohup)', async () => {
    bench.env.CLAUDE_FAKE_TOOL = 'daemon';
    const job = bench.job(claude);
    const stop = bench.stop();
    const end = bench.run(job, stop);
    await bench.hear(job, /"tool_result"/);
    assert.ok((await bench.people(job)).length >= 3, 'the shim, claude and the daemon');
    stop.stop('halt');
    assert.deepEqual((await end).ending?.survivors, []);
    assert.deepEqual(await bench.people(job), []);
  });

  it('names its tool as left behind where somebody else has killed it', async () => {
    bench.env.CLAUDE_FAKE_TOOL = '1';
    const job = bench.job(claude);
    const end = bench.run(job);
    await bench.hear(job, /"tool_result"/);
    const pid = await eventually('claude has a pid', () => Number(readFileSync(`${bench.paths.running}/${job.runId}/pid`, 'utf8')) || undefined);
    process.kill(pid, 'SIGKILL');
    const { survivors = [], signal, code } = (await end).ending ?? {};
    assert.ok(signal === 'SIGKILL' || code === 137);
    assert.equal(survivors.length, 1);
    assert.match(survivors[0]?.command ?? '', /sleep/);
  });
});
