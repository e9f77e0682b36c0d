import assert from 'node:assert/strict';
import { existsSync, readdirSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { toIso } from '../../lib/core/time/instant.ts';
import { eventually } from '../support/eventually.ts';
import { orphan } from './orphan.ts';
import { claudeRun, reasonOf, workbench } from './workbench.ts';

const [MINUTE_MS, HOUR_MS] = [60_000, 3_600_000];
const bench = workbench();

const LIMIT = "You've hit your limit · resets 2am (UTC)";

describe('a job whose owner was killed with -9', () => {
  it('A4 goes on, is adopted by the next owner, and ends with its own exit code and all it said', async () => {
    const sign = join(bench.root, 'go-1');
    const job = bench.job(bench.fixture('waits-for.sh', sign, '3'));
    await orphan(bench, job, /ready/);
    const end = bench.adopt(job);
    writeFileSync(sign, '');
    assert.equal(reasonOf((await end).outcome), 'fail: exit 3: ready');
    assert.equal((await end).ending?.code, 3);
    assert.match((await end).stdoutPath as string, /stdout\.log$/);
  });

  it('keeps its timeout from the start it had', async () => {
    const job = bench.job(bench.fixture('waits-for.sh', join(bench.root, 'never'), '0'), { timeoutMs: HOUR_MS });
    await orphan(bench, { ...job, startedMs: Date.now() - HOUR_MS + MINUTE_MS }, /ready/);
    // Within that minute its first owner was killed; the next one allows it less, and counts from the same start.
    const end = await bench.adopt({ ...job, cadence: { ...job.cadence, timeoutMs: HOUR_MS - MINUTE_MS } });
    assert.match(reasonOf(end.outcome), /^fail: timed out after 59m/);
    assert.deepEqual(end.ending?.survivors, []);
    // The shim has said its last word, and may be on its way out.
    await eventually('nobody is left', async () => (await bench.people(job)).length === 0);
  });

  it('goes on with the run after a guard that nobody waited for', async () => {
    const sign = join(bench.root, 'go-2');
    const job = bench.job(bench.command(['/bin/sh', '-c', 'echo ran']), { guard: bench.fixture('waits-for.sh', sign, '0') });
    await orphan(bench, job, /ready/);
    assert.ok(existsSync(`${bench.paths.running}/${job.runId}`), 'the folder by which the next owner knows that the job has begun');
    const end = bench.adopt(job);
    writeFileSync(sign, '');
    assert.equal(reasonOf((await end).outcome), 'ok: ran');
    assert.deepEqual(
      readdirSync(bench.paths.running).filter((name) => name.endsWith('.guard')),
      [],
    );
  });

  it('is judged by the time at which it ended, not by that at which an owner comes', async () => {
    const job = bench.job(claudeRun(bench.root, join(bench.root, 'duty.md')));
    const folder = `${bench.paths.running}/${job.runId}`;
    const output = { stdout_path: `${bench.paths.subsessions}/night.stdout.log`, stderr_path: `${bench.paths.subsessions}/night.stderr.log` };
    for (const dir of [folder, bench.paths.subsessions]) bench.files.makeDir(dir);
    writeFileSync(output.stdout_path, `${JSON.stringify({ type: 'result', subtype: 'success', is_error: true, result: LIMIT, num_turns: 1 })}\n`);
    writeFileSync(output.stderr_path, '');
    writeFileSync(`${folder}/run.json`, JSON.stringify({ started_at: '2026-01-05T23:00:00Z', ...output }));
    writeFileSync(`${folder}/exit`, '1\n');
    utimesSync(`${folder}/exit`, new Date('2026-01-05T23:30:00Z'), new Date('2026-01-05T23:30:00Z'));
    const { outcome, ending } = await bench.adopt(job);
    assert.ok(outcome.kind === 'fail' && outcome.untilMs !== undefined, reasonOf(outcome));
    assert.deepEqual([toIso(outcome.untilMs).slice(0, 16), ending?.durationMs], ['2026-01-06T02:00', 30 * MINUTE_MS]);
  });

  it('was interrupted where nothing of it is left', async () => {
    const job = bench.job(bench.command(['/bin/true']));
    bench.files.makeDir(`${bench.paths.running}/${job.runId}`);
    const end = await bench.adopt(job);
    assert.deepEqual(end.outcome, { kind: 'interrupted', by: 'owner-died', reason: 'its process is gone and left no exit code' });
    const inline = await bench.adopt(bench.job({ kind: 'inline', file: '/nowhere.mjs' }));
    assert.equal(inline.outcome.kind, 'interrupted');
  });

  it('does not follow, cut or remove a file that a forged run.json names', async () => {
    const victim = join(bench.root, 'victim.log');
    writeFileSync(victim, '');
    const job = bench.job(bench.command(['/bin/true']));
    bench.files.makeDir(`${bench.paths.running}/${job.runId}`);
    for (const path of [victim, `${bench.paths.subsessions}/../victim.log`]) {
      writeFileSync(`${bench.paths.running}/${job.runId}/run.json`, JSON.stringify({ stdout_path: path, stderr_path: path, started_at: 7 }));
      await bench.adopt(job);
      assert.ok(existsSync(victim));
    }
  });
});
