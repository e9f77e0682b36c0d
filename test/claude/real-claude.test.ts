import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { chmodSync, existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import type { RunKind } from '../../lib/core/cadence.ts';
import type { Outcome } from '../../lib/core/outcome.ts';
import { recordOf } from '../../lib/core/record.ts';
import type { RunRecord } from '../../lib/core/run.ts';
import { NOT_BEGUN } from '../../lib/core/session/progress.ts';
import { tell } from '../../lib/core/session/view.ts';
import type { Job, RunEnd } from '../../lib/ports.ts';
import { reasonOf, workbench } from '../runners/workbench.ts';
import { eventually } from '../support/eventually.ts';
import { tempRoot } from '../support/temp-root.ts';
import { openApi } from './loopback-api.ts';

/**
 * The real claude, installed from npm into a temporary folder (or the one that CLAUDE_BIN names), against an API of our own
 * on this machine, with a key that is none. It costs nothing and is no part of `npm test`: `npm run test:claude`.
 */
let last: RunRecord | undefined;
const bench = workbench((deps) => ({ ...deps, lastAttempt: () => last }));
const api = await openApi();
after(() => api.close());
writeFileSync(join(bench.root, 'duty.md'), 'Do your duty.\n');
Object.assign(bench.env, {
  ANTHROPIC_API_KEY: 'sk-ant-dummy',
  ANTHROPIC_BASE_URL: api.url,
  CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC: '1',
});

const installed = process.env.CLAUDE_BIN === undefined ? install() : [process.env.CLAUDE_BIN];

/** Its native program, and the script that stands in for it where npm runs no install scripts. */
function install(): readonly string[] {
  const folder = tempRoot();
  const run = (program: string, words: readonly string[], cwd: string): void => {
    const { status, stderr, stdout } = spawnSync(program, words, { cwd, encoding: 'utf8', timeout: 400_000 });
    assert.equal(status, 0, `${program} ${words.join(' ')}: ${stderr}${stdout}`);
  };
  run('npm', ['install', '--no-audit', '--no-fund', '--ignore-scripts', '@anthropic-ai/claude-code'], folder);
  const home = join(folder, 'node_modules', '@anthropic-ai', 'claude-code');
  const bin = JSON.parse(readFileSync(join(home, 'package.json'), 'utf8')) as { bin: { claude: string }; version: string };
  const script = readdirSync(home).find((file) => /^cli(?:-wrapper)?\.[cm]?js$/.test(file));
  if (existsSync(join(home, 'install.cjs'))) run(process.execPath, ['install.cjs'], home);
  if (script !== undefined) chmodSync(join(home, script), 0o755);
  return [join(home, bin.bin.claude), ...(script === undefined ? [] : [join(home, script)])];
}

type ClaudeKind = Extract<RunKind, { kind: 'claude' }>;
const claude = (more: Partial<ClaudeKind> = {}): RunKind => ({
  ...{ kind: 'claude', promptPath: join(bench.root, 'duty.md'), args: ['--model', 'sonnet'], cwd: bench.root, env: { names: [], values: {} } },
  ...more,
});
const TOOLS = ['--model', 'sonnet', '--permission-mode', 'dontAsk', '--allowedTools', 'Bash'];
const kindOf = (outcome: Outcome): string =>
  outcome.kind === 'fail' || outcome.kind === 'give_up' ? `${outcome.kind} ${outcome.class} of the ${outcome.blame}` : outcome.kind;

async function run(kind: RunKind = claude(), more: Parameters<typeof bench.job>[1] = {}): Promise<{ job: Job; end: RunEnd; story: readonly string[] }> {
  const job = bench.job(kind, more);
  const end = await bench.run(job);
  let progress = NOT_BEGUN;
  const story = bench
    .said(job)
    .split('\n')
    .filter((line) => line !== '')
    .flatMap((line) => {
      const told = tell(progress, line);
      progress = told.progress;
      return told.lines;
    });
  console.log(`    ${kindOf(end.outcome)}, ${end.ending?.durationMs} ms, $${end.costUsd}\n${story.map((line) => `      ${line}`).join('\n')}`);
  return { job, end, story };
}

for (const path of installed) {
  describe(`the real claude at ${path.split('/').slice(-3).join('/')}`, () => {
    before(() => {
      bench.settings.current = { ...bench.settings.current, claudePath: path };
      last = undefined;
    });

    it('ends well, with its words, its cost, its tokens and its session', async () => {
      api.answer({ kind: 'text', text: 'All is in order.' });
      const { end } = await run();
      assert.deepEqual(end.outcome, { kind: 'ok', summary: 'All is in order.' });
      const { id, turns, model, tokens = {}, isEstimate } = end.ending?.session ?? {};
      assert.equal(turns, 1);
      assert.match(model ?? '', /sonnet/);
      assert.equal(isEstimate, undefined);
      assert.ok(
        Object.values(tokens).some((use) => use.input === 1200 && use.output === 25),
        JSON.stringify(tokens),
      );
      assert.ok((end.costUsd ?? 0) > 0);
      assert.match(id ?? '', /^[0-9a-f-]{36}$/);
    });

    it('is stopped at its first retry with a dead key', async () => {
      api.answer({ kind: 'refusal', status: 401, type: 'authentication_error', message: 'invalid x-api-key' });
      const { end } = await run();
      assert.equal(kindOf(end.outcome), 'fail auth of the account');
      assert.equal(end.ending?.stoppedFor, 'in_vain');
    });

    it('names a limit as one of the account, without a try of its own', async () => {
      const resetS = Math.floor(Date.now() / 1000) + 3600;
      const headers = { 'retry-after': '3600', 'anthropic-ratelimit-unified-status': 'rejected', 'anthropic-ratelimit-unified-reset': String(resetS) };
      api.answer({ kind: 'refusal', status: 429, type: 'rate_limit_error', message: 'This request would exceed your rate limit.', headers });
      const { end } = await run();
      assert.match(kindOf(end.outcome), /^fail (?:rate_limit|quota) of the account$/);
    });

    it('is overloaded, and that is nothing of the cadence', async () => {
      api.answer({ kind: 'refusal', status: 529, type: 'overloaded_error', message: 'Overloaded' });
      assert.equal(kindOf((await run()).end.outcome), 'fail overloaded of the account');
    });

    it('uses a tool, which is seen while it runs', async () => {
      api.answer({ kind: 'tool', command: 'echo from the tool' }, { kind: 'text', text: 'The tool ran.' });
      const { end, story } = await run(claude({ args: TOOLS }));
      assert.equal(reasonOf(end.outcome), 'ok: The tool ran.');
      assert.ok(story.some((line) => line.endsWith('→ Bash  echo from the tool')));
      assert.equal(end.ending?.session?.turns, 2);
    });

    it('goes with its tool and with what the tool has put behind it, when it is stopped', async () => {
      api.answer({ kind: 'tool', command: 'setsid nohup sleep 1000 >/dev/null 2>&1 & echo left; sleep 1000' }, { kind: 'text', text: 'Never.' });
      const job = bench.job(claude({ args: TOOLS }));
      const stop = bench.stop();
      const end = bench.run(job, stop);
      await eventually('two sleeps', async () => ((await bench.people(job)).length >= 4 ? true : undefined), 30_000);
      stop.stop('cancel');
      assert.deepEqual((await end).ending?.survivors, []);
      assert.deepEqual(await bench.people(job), []);
    });

    it('is stopped when it has cost more than it may, before it has ended its turn', async () => {
      api.answer({ kind: 'tool', command: 'sleep 30', inputTokens: 500_000 }, { kind: 'text', text: 'Done.' });
      const { end } = await run(claude({ args: TOOLS, maxUsd: 0.5 }));
      assert.equal(kindOf(end.outcome), 'give_up budget of the cadence');
      assert.ok((end.costUsd ?? 0) > 1.4 && (end.costUsd ?? 0) < 1.7, `${end.costUsd}`);
    });

    it('goes on with its session where it was cut short with work done, and pays for that work once', async () => {
      api.answer(
        { kind: 'tool', command: 'echo work > done.txt', inputTokens: 100_000 },
        { kind: 'refusal', status: 529, type: 'overloaded_error', message: 'Overloaded' },
      );
      const first = await run(claude({ args: TOOLS }));
      assert.equal(kindOf(first.end.outcome), 'fail overloaded of the account');
      const { name, ...rest } = { name: { dueMs: 0, cadence: 'duty', id: first.job.tickId, attempts: 1 }, tick: first.job.tick, cadence: first.job.cadence };
      const transition = { to: 'waiting', status: 'failed', because: '', name } as const;
      last = recordOf({ name, ...rest, startedMs: first.job.startedMs, endedMs: Date.now(), transition, ...first.end, costUsd: first.end.costUsd });
      api.answer({ kind: 'text', text: 'It was done already.' });
      const second = await run(claude({ args: TOOLS }));
      last = undefined;
      assert.equal(reasonOf(second.end.outcome), 'ok: It was done already.');
      assert.deepEqual([second.end.ending?.session?.id, second.end.ending?.session?.isResumed], [first.end.ending?.session?.id, true]);
      const words = JSON.stringify(api.asked[0]?.messages);
      assert.match(words, /Do your duty/);
      assert.match(words, /echo work > done\.txt/);
      assert.match(words, /Your last try was cut short/);
      assert.ok((second.end.costUsd ?? 9) < (first.end.costUsd ?? 0), `${first.end.costUsd} then ${second.end.costUsd}`);
    });

    it('P15 is asked what it knows: a hidden option works, an unknown one is refused with its version', async () => {
      api.answer({ kind: 'tool', command: 'echo again' });
      assert.equal(kindOf((await run(claude({ args: [...TOOLS, '--max-turns', '2'] }))).end.outcome), 'give_up max_turns of the cadence');
      const { end } = await run(claude({ args: ['--no-edit'] }));
      assert.match(reasonOf(end.outcome), /^give_up: claude \d+\.\d+\.\d+ \(.*\) does not know --no-edit/);
    });
  });
}
