import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { createDesk, type Desk } from '../support/cli.ts';
import { CLI } from '../support/owner-cli.ts';

const bus = CLI.join(' ');
/** Before, each of these stood until its time was over. */
const WELL = { timeout: 120_000 };

function lined(): Desk {
  const desk = createDesk();
  desk.put('cadences/bus.yaml', 'lanes: { command: 1 }\n');
  desk.shell('outer', `${bus} run middle --json >/dev/null || exit 9`, 'timeout: 90s');
  desk.shell('middle', `tick=$(${bus} enqueue inner --json | sed 's/.*"tick":"\\([^"]*\\)".*/\\1/'); ${bus} wait "$tick" --json >/dev/null`, 'timeout: 80s');
  desk.shell('inner', 'echo inside');
  return desk;
}

const statuses = (desk: Desk): readonly (readonly string[])[] => desk.records().map(({ cadence, status }) => [cadence, status]);
const INSIDE_OUT = [
  ['inner', 'succeeded'],
  ['middle', 'succeeded'],
  ['outer', 'succeeded'],
];

describe('a run that waits for a run of its own bus', () => {
  it('does not keep it out of the only place of their lane', WELL, async () => {
    const desk = lined();
    await desk.own();

    const { code, said } = await desk.ask('run', 'outer', '--timeout', '100s');

    assert.deepEqual([code, said.status], [0, 'succeeded'], JSON.stringify(said));
    assert.deepEqual(statuses(desk), INSIDE_OUT);
  });

  it('is served by the process that is the owner for it alone', WELL, async () => {
    const desk = lined();
    const { code } = await desk.spawn(['run', 'outer', '--timeout', '100s']).ended;

    assert.equal(code, 0);
    assert.deepEqual(statuses(desk), INSIDE_OUT);
  });

  it('exec in exec, where nobody else is the owner', WELL, async () => {
    const desk = createDesk();
    const end = await desk.spawn(['exec', '--name', 'outside', '--', 'sh', '-c', `${bus} exec --name inside -- echo hello`]).ended;

    assert.deepEqual([end.code, end.stdout], [0, 'hello\n'], end.stderr);
  });

  it('is told at once where it would wait for its own end, and nothing is dropped', WELL, async () => {
    const desk = createDesk();
    desk.shell('again', `${bus} run again; test $? = 65`);
    desk.shell('here', `${bus} run there; exit $?`, 'retry: { attempts: 1 }');
    desk.shell('there', `${bus} run here; test $? = 65`);
    await desk.own();

    assert.equal((await desk.ask('run', 'again', '--timeout', '100s')).said.status, 'succeeded');
    assert.equal((await desk.ask('run', 'here', '--timeout', '100s')).said.status, 'succeeded');
    assert.deepEqual(
      statuses(desk).map(([name]) => name),
      ['again', 'there', 'here'],
    );
    assert.deepEqual(desk.ls('inbox'), []);
  });

  it('exec under the name of what runs it is told, too', WELL, async () => {
    const desk = createDesk();
    const end = await desk.spawn(['exec', '--name', 'same', '--', 'sh', '-c', `${bus} exec --name same -- echo hello`]).ended;

    assert.equal(end.code, 65);
    assert.match(end.stderr, /same is under way as \S+, and this very command is part of it: it would wait for its own end\n +Give the command inside a name/);
  });
});
