import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import type { PurseView } from '../../lib/core/money/purse-view.ts';
import type { RunRecord } from '../../lib/core/run.ts';
import { eventually } from '../support/eventually.ts';
import { killQuietly } from '../support/owner-cli.ts';
import { childOf, createYard, finalRecord, type Yard } from './owner-yard.ts';

const FIXTURES = fileURLToPath(new URL('../fixtures', import.meta.url));
const FAKE = `${FIXTURES}/children/fake-claude.mjs`;
const WORKED = readFileSync(`${FIXTURES}/claude/2.1.328/stream-tool-allowed/stdout.txt`, 'utf8').trimEnd().split('\n');

const purseOf = (yard: Yard): PurseView => JSON.parse(readFileSync(yard.paths.purse, 'utf8'));
const reservedIn = (yard: Yard): readonly (readonly [string, number])[] => Object.entries(purseOf(yard).reserved).map(([run, { usd }]) => [run, usd]);
const moneyOf = (run: RunRecord): number => (run.cost_usd ?? 0) + (run.charged_usd ?? 0);

async function spentToday(yard: Yard): Promise<number> {
  const { total } = (await yard.json('costs')) as unknown as { readonly total: { readonly usd: number } };
  return total.usd;
}

/** Says the first lines of a recorded session at once, and the rest when the file `go` is there. */
function slowClaude(yard: Yard, first: readonly string[], rest: readonly string[]): Readonly<Record<string, string>> {
  yard.put('first', `${first.join('\n')}\n`);
  yard.put('rest', rest.map((line) => `${line}\n`).join(''));
  const script = `cat > /dev/null\necho x >> '${yard.root}/sessions'\ncat '${yard.root}/first'\nwhile [ ! -e '${yard.root}/go' ]; do sleep 0.05; done\ncat '${yard.root}/rest'\n`;
  yard.put('bin/claude', `#!/bin/sh\n[ "$1" = --help ] && exec cat '${FIXTURES}/claude/help-2.1.328.txt'\n${script}`, 0o755);
  return { PATH: `${yard.root}/bin:${process.env.PATH}`, HOME: yard.root };
}

describe('money on a real owner', { concurrency: true }, () => {
  it('P15 a run that has more than its day left is stopped while it runs, though nobody has set a cap for one run', async () => {
    const yard = createYard();
    const [init = '', message = ''] = WORKED;
    const env = slowClaude(yard, [init, message.replace('"input_tokens":1200', '"input_tokens":400000')], []);
    yard.put('cadences/brief.md', '---\nbudget: { day_usd: 0.5 }\nkill_grace: 1s\n---\nWrite.\n');
    await yard.start({ env });
    const tick = await yard.enqueue('brief');
    const record = await eventually('it is stopped', () => yard.records().find((run) => run.tick === tick));
    assert.deepEqual([record.status, record.blame, record.class, record.cost_is_estimate], ['failed', 'nobody', 'spent', true], record.reason);
    assert.match(record.reason, /^the limit of its day or month is reached: about \$\d\.\d\d spent by it when it was stopped/);
    assert.ok((record.cost_usd ?? 0) > 0.5 && record.attempt === 1);
    const held = await eventually('it waits for tomorrow', async () => {
      const shown = await yard.json('show', tick);
      return shown.status === 'held' ? shown : undefined;
    });
    assert.match(String(held.reason), /^over budget until .*today \$\d\.\d\d of \$0\.50 spent/);
    assert.deepEqual(reservedIn(yard), []);
  });

  it('P15 kill -9 of the owner of a paid run settles its reservation with the next one, once, and nothing is paid twice', async () => {
    const yard = createYard();
    const env = slowClaude(yard, WORKED.slice(0, 3), WORKED.slice(3));
    yard.put('cadences/brief.md', '---\nbudget: { run_usd: 0.4, day_usd: 2 }\n---\nWrite.\n');
    const owner = await yard.start({ env });
    const tick = await yard.enqueue('brief');
    await childOf(yard);
    await eventually('money is set aside', () => reservedIn(yard).length > 0);
    assert.deepEqual(reservedIn(yard), [[`${tick}-1`, 0.4]]);
    killQuietly(owner.pid);
    await owner.ended;
    await yard.start({ env });
    await eventually('the next owner has set it aside too', () => yard.events('subsession_adopted').length > 0 && reservedIn(yard).length > 0);
    assert.deepEqual(reservedIn(yard), [[`${tick}-1`, 0.4]]);
    yard.put('go', '');
    const record = await finalRecord(yard, tick);
    const told = (JSON.parse(WORKED.at(-1) ?? '') as { readonly total_cost_usd: number }).total_cost_usd;
    assert.deepEqual([record.status, record.cost_usd, record.charged_usd, record.attempt], ['succeeded', told, undefined, 1]);
    assert.equal(yard.records().filter((run) => run.tick === tick).length, 1);
    await eventually('the reservation is gone', () => reservedIn(yard).length === 0);
    assert.equal(readFileSync(`${yard.root}/sessions`, 'utf8'), 'x\n');
    assert.ok(Math.abs((await spentToday(yard)) - told) < 1e-6);
  });

  it('P15 kill -9 of owner and session: the receipt tells an estimate of what was spent, the next try goes on with the session', async () => {
    const yard = createYard();
    yard.put('cut/stdout.txt', `${WORKED.slice(0, -1).join('\n')}\n`);
    yard.put('cut/stderr.txt', '');
    yard.put('cut/exit_code', '0');
    yard.put('bin/claude', `#!/bin/sh\n[ "$5" = --session-id ] && export CLAUDE_FAKE_HANGS=1\nexec '${process.execPath}' '${FAKE}' "$@"\n`, 0o755);
    const fake = { CLAUDE_FAKE_SESSION: `${yard.root}/cut`, CLAUDE_FAKE_RESUMED: `${FIXTURES}/claude/2.1.328/success-stream` };
    const env = { PATH: `${yard.root}/bin:${process.env.PATH}`, HOME: yard.root, ...fake };
    yard.put('cadences/brief.md', '---\nbudget: { run_usd: 0.4, day_usd: 2 }\n---\nWrite.\n');
    const owner = await yard.start({ env });
    const tick = await yard.enqueue('brief');
    await eventually('the session has worked', () =>
      yard.ls('subsessions').some((file) => readFileSync(`${yard.paths.subsessions}/${file}`, 'utf8').includes('Tool ran')),
    );
    killQuietly(owner.pid);
    await owner.ended;
    for (const pid of yard.children()) killQuietly(pid);
    await yard.start({ env });
    const record = await finalRecord(yard, tick);
    const [cut, ...more] = yard.records().filter((run) => run.tick === tick);
    assert.deepEqual([cut?.status, cut?.cost_is_estimate, more.length], ['interrupted', true, 1], JSON.stringify(cut));
    assert.ok((cut?.cost_usd ?? 0) > 0 && (cut?.cost_usd ?? 1) < 0.4 && cut?.charged_usd === undefined);
    assert.deepEqual([record.status, record.is_resumed, record.session_id], ['succeeded', true, cut?.session_id]);
    await eventually('nothing is set aside any more', () => reservedIn(yard).length === 0);
    const total = yard.records().reduce((sum, run) => sum + moneyOf(run), 0);
    assert.ok(Math.abs((await spentToday(yard)) - total) < 1e-6, 'what is told is what the receipts say');
  });
});
