import assert from 'node:assert/strict';
import { chmodSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import type { RunKind } from '../../lib/core/cadence.ts';
import { CHILDREN, type ClaudeKind, claudeRun, reasonOf, SESSIONS, workbench } from './workbench.ts';

const bench = workbench();
const claudePath = join(bench.root, 'claude');
writeFileSync(claudePath, `#!/bin/sh\nexec '${process.execPath}' '${join(CHILDREN, 'fake-claude.mjs')}' "$@"\n`);
chmodSync(claudePath, 0o755);
bench.settings.current = { ...bench.settings.current, claudePath };
const promptPath = join(bench.root, 'duty.md');
writeFileSync(promptPath, 'Do it.\n');

const claude = (more: Partial<ClaudeKind> = {}): RunKind => ({ ...claudeRun(bench.root, promptPath), ...more });

/** A session that has said the first lines of a recorded one, and then hangs. */
function hangAfter(session: string, lines: number): void {
  const folder = join(bench.root, `${session}-${lines}`);
  mkdirSync(folder, { recursive: true });
  const stream = readFileSync(join(SESSIONS, session, 'stdout.txt'), 'utf8')
    .split('\n')
    .slice(0, lines);
  writeFileSync(join(folder, 'stdout.txt'), `${stream.join('\n')}\n`);
  writeFileSync(join(folder, 'stderr.txt'), '');
  writeFileSync(join(folder, 'exit_code'), '0');
  Object.assign(bench.env, { CLAUDE_FAKE_SESSION: folder, CLAUDE_FAKE_HANGS: '1' });
}

describe('a session that is heard while it runs', () => {
  it('is ended at its first retry with a dead key, and is named for the key', async () => {
    hangAfter('default-retries-auth', 2);
    const { outcome, ending, costUsd } = await bench.run(bench.job(claude()));
    assert.equal(ending?.stoppedFor, 'in_vain');
    assert.ok(outcome.kind === 'fail' && outcome.class === 'auth' && outcome.blame === 'account');
    assert.equal(reasonOf(outcome), 'fail: authentication failed (stopped: trying again is in vain)');
    assert.equal(costUsd, 0);
  });

  it('is let alone while it retries what may pass', async () => {
    hangAfter('stream-429', 3);
    const job = bench.job(claude());
    const stop = bench.stop();
    const end = bench.run(job, stop);
    await bench.hear(job, /"attempt":2/);
    stop.stop('cancel');
    assert.equal((await end).ending?.stoppedFor, 'cancel');
  });

  it('is stopped when it has cost more than its run may, with the figures, where claude itself would look after the turn only', async () => {
    hangAfter('stream-max-turns', 4);
    const { outcome, ending, costUsd } = await bench.run(bench.job(claude({ maxUsd: 0.05 })));
    assert.equal(ending?.stoppedFor, 'budget');
    assert.ok(outcome.kind === 'give_up' && outcome.class === 'budget' && outcome.blame === 'cadence');
    assert.match(reasonOf(outcome), /^give_up: out of its budget: about \$0\.2\d{3} spent after 1 turn, its cap is \$0\.0500 \(stopped\)$/);
    assert.deepEqual([ending?.session?.isEstimate, ending?.session?.turns, ending?.session?.tokens?.['claude-opus-5-5']?.input], [true, 1, 50_000]);
    assert.ok(costUsd !== undefined && costUsd > 0.2 && costUsd < 0.22);
  });

  it('is held to the smaller of the caps of its definition and of its budget, and to none that it keeps', async () => {
    hangAfter('stream-max-turns', 4);
    const budget = { runUsd: 0.1, dayUsd: undefined, monthUsd: undefined, dayRuns: undefined, monthRuns: undefined };
    assert.equal((await bench.run(bench.job(claude({ maxUsd: 5 }), { budget }))).ending?.session?.capUsd, 0.1);
    Object.assign(bench.env, { CLAUDE_FAKE_HANGS: undefined, CLAUDE_FAKE_SESSION: join(SESSIONS, 'stream-tool-allowed') });
    assert.equal((await bench.run(bench.job(claude({ maxUsd: 5 }), { budget }))).outcome.kind, 'ok');
  });

  it('D28 is idle when no line comes, whatever it writes to stderr or however long its line grows', async () => {
    const chatty = join(bench.root, 'chatty');
    writeFileSync(chatty, `#!/bin/sh\necho '{"type":"system","subtype":"init"}'\nwhile :; do printf x; echo y >&2; sleep 0.05; done\n`, { mode: 0o755 });
    const other = workbench();
    other.settings.current = { ...other.settings.current, claudePath: chatty };
    const { ending } = await other.run(other.job(claude(), { idleTimeoutMs: 1500, killGraceMs: 500 }));
    assert.equal(ending?.stoppedFor, 'idle');
  });

  it('reads on where an uncharged run of the same id has left off in the same file', async () => {
    Object.assign(bench.env, { CLAUDE_FAKE_HANGS: undefined, CLAUDE_FAKE_SESSION: join(SESSIONS, 'success-stream') });
    const job = bench.job(claude());
    assert.equal((await bench.run(job)).outcome.kind, 'ok');
    bench.files.removeTree(`${bench.paths.running}/${job.runId}`);
    const broken = join(bench.root, 'no-result');
    mkdirSync(broken);
    for (const [file, text] of Object.entries({ 'stdout.txt': '', 'stderr.txt': 'no luck\n', exit_code: '1' })) writeFileSync(join(broken, file), text);
    bench.env.CLAUDE_FAKE_SESSION = broken;
    const { outcome } = await bench.run(job);
    assert.match(reasonOf(outcome), /^fail: no result: exit 1: no luck/);
  });
});
