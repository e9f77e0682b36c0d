import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import { createDesk } from '../support/cli.ts';
import { eventually } from '../support/eventually.ts';
import { childrenOf } from '../support/owner-cli.ts';

const open = async (desk: ReturnType<typeof createDesk>) => {
  const { said } = await desk.ask('incidents');
  return (said.incidents as readonly { cadence: string; title: string; count: number }[]).map(({ cadence, title }) => `${cadence} ${title}`);
};

describe('a cadence that always fails', () => {
  it('A8 is given up after its last try: a person is told, what was tried is kept, and nothing is started again by itself', async () => {
    const desk = createDesk();
    desk.shell('flat', 'echo "no such table" >&2; exit 3', 'retry: { attempts: 3, delays: [10ms] }', 'notify: { after: 1, log: true }');
    const owner = await desk.own();
    const tick = await desk.enqueue('flat');
    assert.equal((await desk.ask('wait', tick)).said.status, 'dead');
    const [dead] = desk.ls('dlq');
    assert.match(dead ?? '', new RegExp(`^\\d{8}T\\d{9}Z\\.flat\\.${tick}\\.3\\.exhausted\\.json$`));
    const report = JSON.parse(readFileSync(`${desk.paths.dlq}/${dead}`, 'utf8'));
    assert.deepEqual([report.dead.reason, report.dead.because, report.dead.runs.length], ['exhausted', 'exit 3: no such table', 3]);
    await eventually('the person is told', () =>
      desk.events().some(({ stage, because }) => stage === 'notice' && /^flat failed: exit 3: no such table/.test(String(because))),
    );
    assert.deepEqual(await open(desk), ['flat exit 3: no such table']);
    const next = await desk.enqueue('flat');
    await eventually('the next tick is held', async () => (await desk.ask('show', next)).said.status === 'held');
    assert.equal(desk.records().filter(({ status }) => status === 'failed' || status === 'dead').length, 3, 'three tries, and no fourth');
    assert.deepEqual(owner.parts.jobs.running(), []);
  });

  it('A13 is noticed by its exit code alone, where that is none of those it may end with', async () => {
    const desk = createDesk();
    desk.shell('silent', 'exit 4', 'retry: { attempts: 1 }');
    desk.cadence('quiet', 'run: { shell: true, command: "exit 4", ok_codes: [0, 4] }');
    desk.shell('well', 'echo "error: but only in words" >&2');
    await desk.own();
    for (const name of ['silent', 'quiet', 'well']) await desk.ask('wait', await desk.enqueue(name));
    assert.deepEqual(
      desk
        .records()
        .filter(({ cadence }) => !cadence.startsWith('bus-'))
        .map(({ cadence, status, exit_code }) => [cadence, status, exit_code]),
      [
        ['silent', 'dead', 4],
        ['quiet', 'succeeded', 4],
        ['well', 'succeeded', 0],
      ],
    );
    await eventually('what is put on file', async () => (await open(desk)).length > 0);
    assert.deepEqual(await open(desk), ['silent exit 4']);
  });
});

describe('an idle owner', () => {
  it('A58 is one process without a child and without the network, whose state cat can read and kill -9 can end', async () => {
    const desk = createDesk();
    desk.shell('later', 'true', 'schedule: "0 0 1 1 *"');
    const alone = new Set(process.getActiveResourcesInfo());
    const owner = await desk.own();
    const used = process.getActiveResourcesInfo().filter((kind) => !alone.has(kind));
    assert.deepEqual(
      used.filter((kind) => /TCP|UDP|Process|TLS/.test(kind)),
      [],
      `it uses ${used.join(', ')}`,
    );
    assert.deepEqual(childrenOf(desk.root), []);
    await owner.stop('the next one is a process of its own');
    const other = await desk.start();
    const said = JSON.parse(readFileSync(desk.paths.owner, 'utf8'));
    assert.equal(said.pid, other.pid);
    process.kill(other.pid, 'SIGKILL');
    await other.ended;
    assert.equal((await desk.ask('status')).code, 0, 'the files tell all, and nobody has to be alive for it');
  });
});
