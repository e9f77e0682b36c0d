import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import { eventually } from '../support/eventually.ts';
import { createYard, finalRecord, type Yard } from './owner-yard.ts';

/** What a person types into a terminal, in the root; it knows of no program of ours. */
const type = (yard: Yard, line: string): string => execFileSync('sh', ['-c', line], { cwd: yard.root, encoding: 'utf8' });

const ILL = 'echo opening the vault; test -e "$CADENCE_ROOT/go" && exit 0; echo connect ECONNREFUSED db:5432 >&2; echo giving up >&2; exit 3';
const TWICE = 'retry: { attempts: 2, delays: [50ms] }';

async function deadFile(yard: Yard, tick: string): Promise<string> {
  await eventually('it is dead', () => yard.ls('dlq').find((file) => file.includes(tick)));
  return type(yard, 'ls state/cadence-bus/dlq').trim();
}

describe('with ls, cat, mv, touch and rm alone, while an owner runs', () => {
  it('M3 ls dlq tells cadence, tries and reason, cat tells why with the last lines, and mv to the inbox makes it run', async () => {
    const yard = createYard();
    yard.shell('backup', ILL, TWICE);
    await yard.start();
    const tick = await yard.enqueue('backup');
    const file = await deadFile(yard, tick);
    assert.match(file, new RegExp(`^\\d{8}T\\d{9}Z\\.backup\\.${tick}\\.2\\.exhausted\\.json$`));
    const text = type(yard, `cat state/cadence-bus/dlq/${file}`);
    const { dead } = JSON.parse(text) as { dead: { because: string; attempts: number; revive: string; runs: readonly { last_lines: readonly string[] }[] } };
    assert.match(dead.because, /^exit 3: /);
    assert.equal(dead.attempts, 2);
    assert.deepEqual(
      dead.runs.map((run) => run.last_lines),
      Array.from({ length: 2 }, () => ['connect ECONNREFUSED db:5432', 'giving up']),
    );
    assert.ok(
      text.split('\n').some((line) => line.trim() === '"connect ECONNREFUSED db:5432",'),
      'each of them is a line of the file',
    );
    assert.equal(dead.revive, `mv '${yard.paths.dlq}/${file}' '${yard.paths.inbox}/'`);
    type(yard, 'touch go; mv state/cadence-bus/dlq/* state/cadence-bus/inbox/');
    const record = await eventually('it has run', () => yard.records().find((run) => run.tick === tick && run.status === 'succeeded'));
    assert.equal(record.summary, 'opening the vault');
    assert.deepEqual([yard.ls('dlq'), yard.ls('inbox')], [[], []]);
    // The care for the recovery is a tick too, and waits for a moment.
    await eventually('nothing waits', () => yard.ls('waiting').length === 0);
    const { code, ...audit } = await yard.json('audit');
    assert.deepEqual([code, audit.ok], [0, true], JSON.stringify(audit));
  });

  it('M3 the line that the dead tick itself gives revives it, too', async () => {
    const yard = createYard();
    yard.shell('backup', ILL, 'retry: { attempts: 1, delays: [50ms] }');
    await yard.start();
    const tick = await yard.enqueue('backup');
    const text = type(yard, `cat state/cadence-bus/dlq/${await deadFile(yard, tick)}`);
    type(yard, `touch go; ${(JSON.parse(text) as { dead: { revive: string } }).dead.revive}`);
    await eventually('it has run', () => yard.records().find((run) => run.tick === tick && run.status === 'succeeded'));
  });

  it('mv to the dlq takes out what waits: it is told everywhere, given back, and removed, like every other dead tick', async () => {
    const yard = createYard();
    yard.shell('words', 'echo said');
    await yard.start();
    type(yard, 'touch state/cadence-bus/halt');
    const [back, gone] = [await yard.enqueue('words'), await yard.enqueue('words')];
    type(yard, 'mv state/cadence-bus/inbox/*.words.* state/cadence-bus/dlq/');
    const { dead: ticks } = (await yard.json('dlq')) as unknown as { dead: readonly { tick: string; because: string; path: string }[] };
    assert.deepEqual(ticks.map(({ tick }) => tick).toSorted(), [back, gone].toSorted());
    assert.ok(ticks.every(({ because, path }) => because === 'somebody has put it here by hand' && existsSync(path)));
    assert.equal((await yard.json('show', back)).status, 'dead');
    assert.equal(((await yard.json('status')).counts as { dlq: number }).dlq, 2);
    assert.equal((await yard.json('audit')).dead, 2);
    await yard.json('dlq', 'purge', gone);
    assert.deepEqual(
      yard.ls('dlq').map((file) => file.includes(back)),
      [true],
    );
    await yard.json('dlq', 'retry', back);
    type(yard, 'rm state/cadence-bus/halt');
    assert.equal((await finalRecord(yard, back)).status, 'succeeded');
  });

  it('M23 an empty file named halt stops all claiming, and its end lets it go on', async () => {
    const yard = createYard();
    yard.shell('words', 'echo said');
    const owner = await yard.start();
    await finalRecord(yard, await yard.enqueue('words'));
    type(yard, 'touch state/cadence-bus/halt');
    await eventually('the owner says so', () => owner.stderr().includes('halted'));
    const ticks = [await yard.enqueue('words'), await yard.enqueue('words')];
    const status = await yard.json('status');
    assert.deepEqual(
      (status.holds as readonly { key: string; state: string }[]).map(({ key, state }) => [key, state]),
      [['bus', 'halted']],
    );
    assert.equal(yard.records().length, 1);
    const goesOnMs = Date.now();
    type(yard, 'rm state/cadence-bus/halt');
    for (const tick of ticks) {
      const record = await finalRecord(yard, tick);
      assert.equal(record.status, 'succeeded');
      assert.ok(Date.parse(record.started_at ?? '') >= goesOnMs, `it was claimed under the halt: ${record.started_at}`);
    }
  });

  it('M19 circuit-open.json is there while a breaker is open, as its readers know it, and gone once its probe ended well', async () => {
    const yard = createYard();
    yard.shell('backup', ILL, TWICE, 'breaker: { failures: 2, open: 1s }');
    await yard.start();
    await deadFile(yard, await yard.enqueue('backup'));
    const text = await eventually('the file is there', () =>
      existsSync(yard.paths.circuit) ? type(yard, 'cat state/cadence-bus/circuit-open.json') : undefined,
    );
    const view = JSON.parse(text) as { generated: string; open: Readonly<Record<string, { failures: number; open_until: string }>> };
    assert.equal(text, `${JSON.stringify(view, null, 2)}\n`);
    assert.equal(new Date(view.generated).toISOString(), view.generated);
    assert.deepEqual(Object.keys(view.open), ['backup']);
    const { failures, open_until } = view.open.backup as { failures: number; open_until: string };
    assert.equal(failures, 2);
    assert.equal(new Date(open_until).toISOString(), open_until);
    type(yard, 'touch go');
    assert.equal((await finalRecord(yard, await yard.enqueue('backup'))).status, 'succeeded');
    await eventually('the file is gone', () => !existsSync(yard.paths.circuit));
    assert.deepEqual(JSON.parse(readFileSync(`${yard.paths.state}/holds.json`, 'utf8')).breakers, {});
  });
});
