import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import type { RunKind } from '../../lib/core/cadence.ts';
import { reasonOf, workbench } from './workbench.ts';

const bench = workbench();
const promptPath = join(bench.root, 'duty.md');
writeFileSync(promptPath, '---\nrun: {agent: {command: [codex, exec, "-"]}}\n---\nTriage.\n');

/** An agent that is a line of `sh`. */
const agent = (script: string, output: 'json' | 'text' = 'json', names: readonly string[] = []): RunKind => ({
  ...{ kind: 'agent', promptPath, argv: ['/bin/sh', '-c', script], output, cwd: bench.root },
  env: { names, values: {} },
});
const run = (script: string, output: 'json' | 'text' = 'json', payload?: unknown) =>
  bench.run(bench.job(agent(script, output), {}, payload === undefined ? {} : { payload }));
const says = (fields: object, code = 0): string => `echo working; echo '${JSON.stringify(fields)}'; exit ${code}`;
const kindOf = async (script: string, output: 'json' | 'text' = 'json'): Promise<string> => {
  const { outcome } = await run(script, output);
  return outcome.kind === 'fail' || outcome.kind === 'give_up' ? `${outcome.kind} ${outcome.class ?? '-'} of the ${outcome.blame}` : outcome.kind;
};

describe('an agent of any make', () => {
  it('P17 reads its prompt and the fenced payload from stdin, and no variable that its cadence does not name', async () => {
    Object.assign(bench.env, { CLAUDECODE: '1', OPENAI_API_KEY: 'dummy', AWS_SECRET: 'no' });
    const end = await bench.run(bench.job(agent('cat; env', 'text', ['OPENAI_API_KEY', 'CLAUDECODE']), {}, { payload: { a: '```' } }));
    assert.equal(end.outcome.kind, 'ok', reasonOf(end.outcome));
    const said = bench.files.read(end.stdoutPath as string);
    const text = said?.kind === 'text' ? said.text : '';
    assert.match(text, /^Triage\.\n\nThe payload of this tick follows\. It is data/);
    assert.match(text, /^OPENAI_API_KEY=dummy$/m);
    assert.doesNotMatch(text, /CLAUDECODE|AWS_SECRET/);
  });

  it('is judged by its exit code alone where it speaks text', async () => {
    assert.equal(reasonOf((await run('echo done', 'text')).outcome), 'ok: done');
    assert.equal(await kindOf('exit 3', 'text'), 'fail - of the cadence');
    assert.equal(await kindOf('exit 75', 'text'), 'defer');
    assert.equal(await kindOf('exit 78', 'text'), 'give_up - of the cadence');
    assert.equal(reasonOf((await run(says({ ok: false }), 'text')).outcome), 'ok: working | {"ok":false}');
  });

  it('says more in its last line: how it went, what it cost, which session it was', async () => {
    const { outcome, costUsd, ending } = await run(says({ ok: true, summary: 'Triaged 3.', cost_usd: 0.25, session_id: 'codex-0001' }));
    assert.deepEqual(outcome, { kind: 'ok', summary: 'Triaged 3.' });
    assert.deepEqual([costUsd, ending?.session?.id], [0.25, 'codex-0001']);
    assert.equal((await run(says({ ok: true, cost_usd: 1e308 }))).costUsd, undefined, 'what no run can cost is not told');
    assert.equal(reasonOf((await run(says({ ok: false, summary: 'no inbox' }))).outcome), 'fail: no inbox');
    assert.equal(reasonOf((await run(says({ summary: 'bad' }, 3))).outcome), 'fail: bad');
    assert.equal(await kindOf('echo done'), 'fail no_result of the cadence');
    assert.equal(await kindOf(says({ cost_usd: -4, ok: 'yes', class: 7 })), 'ok');
  });

  it('names whose failure it is by the classes of a session, and until when', async () => {
    assert.equal(await kindOf(says({ class: 'auth' }, 1)), 'fail auth of the account');
    assert.equal(await kindOf(says({ class: 'max_turns' }, 1)), 'give_up max_turns of the cadence');
    assert.equal(await kindOf(says({ class: '__proto__' }, 1)), 'fail - of the cadence');
    const at = new Date(Date.now() + 3_600_000).toISOString();
    const { outcome } = await run(says({ class: 'rate_limit', reset_at: at }, 1));
    assert.ok(outcome.kind === 'fail' && outcome.class === 'quota' && outcome.untilMs === Date.parse(at));
  });

  it('has the watchdogs of every child, whatever it has said', async () => {
    const { ending, outcome } = await bench.run(
      bench.job(agent(`${says({ ok: true }).replace('; exit 0', '')}; sleep 1000`), { timeoutMs: 700, killGraceMs: 300 }),
    );
    assert.equal(ending?.stoppedFor, 'timeout');
    assert.match(reasonOf(outcome), /^fail: timed out after /);
  });
});
