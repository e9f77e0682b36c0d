import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import type { Cadence, CommandRun } from '../../lib/core/cadence.ts';
import type { OutputKind } from '../../lib/core/output.ts';
import { eventually } from '../support/eventually.ts';
import { orphan } from './orphan.ts';
import { reasonOf, workbench } from './workbench.ts';

const prints = (bench: ReturnType<typeof workbench>, output: OutputKind, script: string): CommandRun =>
  bench.command(['/bin/sh', '-c', script], { output }) as CommandRun;

describe('a command that prints data', () => {
  const bench = workbench();
  const run = (output: OutputKind, script: string, more: Partial<Cadence> = {}) => bench.run(bench.job(prints(bench, output, script), more));

  it('D27 has its JSON as its result, and a summary that is made from it', async () => {
    const { outcome, result } = await run('json', `echo '{"tabs": 12,'; echo '"ok": true}'`, { summary: '{tabs} tabs' });
    assert.deepEqual(
      [outcome, result],
      [
        { kind: 'ok', summary: '12 tabs' },
        { kind: 'kept', value: { tabs: 12, ok: true } },
      ],
    );
  });

  it('D26 fails where it promised JSON and printed something else, also with exit 0', async () => {
    const { outcome, ending } = await run('json', 'echo "{tabs: 12}"');
    assert.equal(reasonOf(outcome), 'fail: it ended well, but its stdout is no JSON, column 2: found "tabs: 12}"');
    assert.ok(outcome.kind === 'fail' && outcome.class === 'output' && ending?.code === 0);
    assert.equal(reasonOf((await run('json', 'echo nonsense; exit 3')).outcome), 'fail: exit 3: nonsense', 'the exit comes first');
  });

  it('has a result also where it failed, for the JSON often says why', async () => {
    const { outcome, result } = await run('json', `echo '{"error": "no quota"}'; exit 3`);
    assert.deepEqual([outcome.kind, result], ['fail', { kind: 'kept', value: { error: 'no quota' } }]);
  });

  it('keeps a result that is too large for a record in its output only', async () => {
    const { outcome, result } = await run('json', `printf '"%0100000d"' 7`);
    assert.deepEqual([outcome.kind, result], ['ok', { kind: 'large' }]);
  });

  it('is proven by a schema that its result fits, and by a command that reads the result', async () => {
    const schema = { type: 'object', required: ['tabs'], properties: { tabs: { minimum: 1 } } };
    const verify = { kind: 'schema', schema, isRequired: true, counts: 'proven' } as const;
    assert.equal((await run('json', `echo '{"tabs": 1}'`, { verify })).evidence?.outcome, 'proven');
    const wrong = await run('json', `echo '{"tabs": 0}'`, { verify });
    assert.equal(reasonOf(wrong.outcome), 'fail: it ended well, but did not do its work: result.tabs: found the number 0, which must be >= 1');
    const looks = {
      kind: 'command',
      run: bench.command(['grep', '-q', '"tabs":7']) as CommandRun,
      timeoutMs: 60_000,
      isRequired: true,
      counts: 'proven',
    } as const;
    assert.equal((await run('json', `echo '{"tabs": 7}'`, { verify: looks })).evidence?.outcome, 'proven');
    assert.equal((await run('json', `echo '{"tabs": 8}'`, { verify: looks })).evidence?.outcome, 'not_proven');
  });

  it('of a guard is none of the run', async () => {
    const { outcome, result } = await run('json', `echo '{"a":1}'`, { guard: bench.command(['/bin/sh', '-c', 'echo there is work']) });
    assert.deepEqual([outcome.kind, result], ['ok', { kind: 'kept', value: { a: 1 } }]);
  });

  it('D26 with output auto is taken for what it is, and words are no failure', async () => {
    assert.deepEqual((await run('auto', `echo '{"a":1}'`)).result, { kind: 'kept', value: { a: 1 } });
    const words = await run('auto', 'echo done');
    assert.deepEqual([words.outcome, words.result], [{ kind: 'ok', summary: 'done' }, undefined]);
  });
});

describe('a command that prints events', () => {
  it('D22 D27 tells each in the moment in which it is printed, numbered, and ends with their count and the last', async () => {
    const bench = workbench();
    const sign = join(bench.root, 'go');
    const job = bench.job(prints(bench, 'jsonl', `echo '{"n":0}'; while [ ! -e ${sign} ]; do sleep 0.02; done; echo; echo '{"n":1}'; printf '{"n":2}'`), {
      summary: '{n}, the last of {event_count}',
    });
    const end = bench.run(job);
    await eventually('the first event, while the run goes on', () => bench.told.length === 1);
    assert.deepEqual(bench.told, [[0, { n: 0 }]]);
    writeFileSync(sign, '');
    const { outcome, result } = await end;
    assert.deepEqual(outcome, { kind: 'ok', summary: '2, the last of 3' });
    assert.deepEqual(result, { kind: 'kept', value: { event_count: 3, last_event: { n: 2 } } });
    assert.deepEqual(
      bench.told.map(([index]) => index),
      [0, 1, 2],
    );
  });

  it('fails where a line is none, and has told the others', async () => {
    const bench = workbench();
    const { outcome } = await bench.run(bench.job(prints(bench, 'jsonl', `echo '{"n":0}'; echo 'warming up'; echo '{"n":1}'`)));
    assert.equal(reasonOf(outcome), 'fail: it ended well, but its stdout is no JSON Lines, line 2, column 1: found "warming up"');
    assert.equal(bench.told.length, 2);
  });

  it('that is a flood is told up to a bound, and counted to the end', async () => {
    const bench = workbench();
    const { result } = await bench.run(bench.job(prints(bench, 'jsonl', `yes '{"n":1}' | head -n 60000`)));
    assert.deepEqual(result, { kind: 'kept', value: { event_count: 60_000, last_event: { n: 1 } } });
    assert.deepEqual([bench.told.length, bench.told.at(-1)], [10_001, [10_000, undefined]]);
  });

  it('is heard on by the next owner, which tells only what had not been told', async () => {
    const told: number[] = [];
    const events = { tell: (_job: unknown, index: number) => void told.push(index), told: () => 2 };
    const bench = workbench((deps) => ({ ...deps, events }));
    const sign = join(bench.root, 'go');
    const job = bench.job(prints(bench, 'jsonl', `echo '{"n":0}'; echo '{"n":1}'; while [ ! -e ${sign} ]; do sleep 0.02; done; echo '{"n":2}'`));
    await orphan(bench, job, /"n":1/);
    const end = bench.adopt(job);
    writeFileSync(sign, '');
    assert.deepEqual((await end).result, { kind: 'kept', value: { event_count: 3, last_event: { n: 2 } } });
    assert.deepEqual(told, [2]);
  });

  it('keeps its result while an orphaned look for its evidence goes on, whose words are none of it', async () => {
    const bench = workbench();
    const sign = join(bench.root, 'go');
    const look = bench.command(['/bin/sh', '-c', `echo looking; while [ ! -e ${sign} ]; do sleep 0.02; done`]) as CommandRun;
    const verify = { kind: 'command', run: look, timeoutMs: 60_000, isRequired: true, counts: 'proven' } as const;
    const job = bench.job(prints(bench, 'json', `printf '{"a":1}'`), { verify, summary: 'a is {a}' });
    await orphan(bench, job, /looking/);
    const end = bench.adopt(job);
    writeFileSync(sign, '');
    assert.deepEqual(
      [(await end).outcome, (await end).result],
      [
        { kind: 'ok', summary: 'a is 1' },
        { kind: 'kept', value: { a: 1 } },
      ],
    );
  });
});

describe('a handler that answers with a result', () => {
  it('has it in its record, and fails where it cannot be written down', async () => {
    const bench = workbench();
    const handler = (name: string, body: string) => {
      writeFileSync(join(bench.root, name), `export default async () => { ${body} };\n`);
      return bench.run(bench.job({ kind: 'inline', file: join(bench.root, name) }, { summary: '{swept} swept' }));
    };
    const end = await handler('a.mjs', "return { kind: 'ok', result: { swept: 4 } };");
    assert.deepEqual(
      [end.outcome, end.result],
      [
        { kind: 'ok', summary: '4 swept' },
        { kind: 'kept', value: { swept: 4 } },
      ],
    );
    assert.match(
      reasonOf((await handler('b.mjs', "const a = {}; a.a = a; return { kind: 'ok', result: a };")).outcome),
      /^fail: its handler answered a result that JSON cannot say: .*circular/,
    );
  });
});
