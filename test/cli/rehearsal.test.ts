import assert from 'node:assert/strict';
import { existsSync, mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { createDesk, errorOf } from '../support/cli.ts';
import { eventually } from '../support/eventually.ts';
import { isAlive } from '../support/owner-cli.ts';
import { tempRoot } from '../support/temp-root.ts';

const IMPORTER = `run: { shell: true, command: 'echo "$0 $1"; test "$1" = --real && touch done.txt; exit "$2"', args: [--real, 0]`;

describe('D3 D26 run --dry-run', () => {
  const desk = createDesk();
  const changed = (): boolean => existsSync(join(desk.root, 'done.txt'));

  it('executes the dry run of a command that has one: no tick, no record, no trace; exit 2', async () => {
    desk.cadence('importer', `${IMPORTER}, dry_run_args: [--dry-run, 0] }`);
    const before = desk.tree();
    const { code, said } = await desk.ask('run', 'importer', '--dry-run');
    assert.deepEqual([code, said.ok, said.executed, said.summary, said.exit_code], [2, true, true, 'sh --dry-run', 0]);
    assert.deepEqual(desk.tree(), before);
    assert.equal(changed(), false);
    const told = await desk.tell('run', 'importer', '--dry-run');
    assert.deepEqual([told.code, told.stdout, told.stderr], [2, 'The dry run ended well: sh --dry-run\n', 'sh --dry-run\n']);
    assert.equal((await desk.ask('run', 'importer')).code, 0, 'the real one has its own arguments');
    assert.equal(changed(), true);
  });

  it('that fails is exit 1, with its words, and moves no breaker', async () => {
    desk.cadence('importer', `${IMPORTER}, dry_run_args: [--dry-run, 3] }`, 'breaker: { failures: 1 }');
    const { code, said } = await desk.ask('run', 'importer', '--dry-run');
    assert.deepEqual([code, said.ok, said.reason, said.exit_code], [1, false, 'exit 3: sh --dry-run', 3]);
    assert.deepEqual((await desk.ask('breaker')).said.holds, []);
  });

  it('of another command is that command, told that it is one, with the payload and the result of a run', async () => {
    desk.shell('asks', 'exit 9');
    desk.cadence(
      'asks',
      `run: { shell: true, command: 'exit 9', output: json, dry_run_command: 'printf "{\\"dry\\":$CADENCE_DRY_RUN,\\"got\\":%s}" "$(cat)"' }`,
    );
    const { code, said } = await desk.ask('run', 'asks', '--dry-run', '--payload', '{"x":"$(touch done.txt)"}');
    assert.deepEqual([code, said.result], [2, { dry: 1, got: { x: '$(touch done.txt)' } }]);
  });

  it('where there is none shows what would be started, and executes nothing', async () => {
    desk.shell('plain', 'touch plain.txt');
    const { code, said } = await desk.ask('run', 'plain', '--dry-run');
    assert.deepEqual([code, said.executed, existsSync(join(desk.root, 'plain.txt'))], [2, false, false]);
    desk.put('cadences/agent.md', 'Say hello.\n');
    assert.deepEqual([(await desk.ask('run', 'agent', '--dry-run')).said.executed], [false]);
  });

  it('puts nothing of a payload into arguments: what looks like a place for it stays as it was written', async () => {
    desk.cadence('literal', `run: { command: [printf, '%s', '{payload.x}'], dry_run_args: [] }`);
    const { said } = await desk.ask('run', 'literal', '--dry-run', '--payload', '{"x":"--help"}');
    assert.equal(said.summary, '{payload.x}');
    assert.equal((await desk.ask('run', 'literal', '--payload', '{"x":"--help"}')).said.summary, '{payload.x}');
  });

  it('D25 asks for the environment that a run would need', async () => {
    desk.cadence('needy', 'run: { command: [echo], dry_run_args: [x] }', 'required_env: [CB_NO_SUCH_VARIABLE]');
    const { code, message } = errorOf(await desk.ask('run', 'needy', '--dry-run'));
    assert.deepEqual([code, message], [78, 'CB_NO_SUCH_VARIABLE is not set here, and needy requires it']);
  });

  it('that is interrupted leaves nobody behind, and no file', async () => {
    const place = tempRoot();
    mkdirSync(join(place, 'tmp'));
    desk.shell('slow', 'true');
    desk.cadence('slow', `run: { shell: true, command: 'true', dry_run_command: 'echo $$ >${place}/pid; exec sleep 60' }`);
    const one = desk.spawn(['run', 'slow', '--dry-run'], { env: { TMPDIR: join(place, 'tmp') } });
    const pid = await eventually('it runs', () => (existsSync(join(place, 'pid')) ? Number(readFileSync(join(place, 'pid'), 'utf8')) || undefined : undefined));
    one.kill('SIGINT');
    const { code, stderr } = await one.ended;
    assert.equal(code, 130);
    assert.match(stderr, /left: the dry run of slow was cut short/);
    assert.deepEqual([isAlive(pid), readdirSync(join(place, 'tmp'))], [false, []]);
  });
});

describe('D21 run --wait-timeout', () => {
  it('is --timeout under the name that docket has for it: exit 124, and the run goes on', async () => {
    const desk = createDesk();
    desk.shell('slow', 'while [ ! -e "$CADENCE_ROOT/go" ]; do sleep 0.02; done; echo done');
    await desk.own();
    assert.equal(errorOf(await desk.ask('run', 'slow', '--wait-timeout', '50ms')).code, 124);
    assert.equal(errorOf(await desk.ask('run', 'slow', '--wait-timeout', '1s', '--timeout', '1s')).code, 64);
    desk.put('go', '');
    await eventually('it has ended by itself', () => desk.records().some(({ status }) => status === 'succeeded'));
  });
});
