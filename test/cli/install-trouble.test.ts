import assert from 'node:assert/strict';
import { cpSync, existsSync, readdirSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import type { RunRecord } from '../../lib/core/run.ts';
import { call, parseAnswer } from '../support/cli.ts';
import { eventually } from '../support/eventually.ts';
import { createKeeperDesk } from '../support/keeper-desk.ts';

const JOB = 'run: { command: [echo, hi] }\n';

describe('install in trouble', () => {
  const desk = createKeeperDesk('systemd', 'agents');
  desk.cadence('five', `${JOB}schedule: "*/5 * * * *"\n`);

  it('killed in the middle of it is gone on with by the next one', async () => {
    const cut = desk.begin('install', '--scheduler', 'systemd');
    await eventually('the first files are written', () => desk.files().length > 0);
    cut.kill('SIGKILL');
    await cut.ended;
    // As it would be where the kill falls between the making of a file and its naming.
    const [written = ''] = readdirSync(desk.folder);
    writeFileSync(join(desk.folder, `${written.replace(/\.\d+$/, '')}.3540116153`), '[Unit]\n');
    const { code, said } = await eventually('the lock of the dead one is free', async () => {
      const answer = await desk.ask('install', '--scheduler', 'systemd');
      return answer.code === 75 ? undefined : answer;
    });
    assert.deepEqual([code, (said.proof as RunRecord | undefined)?.status], [0, 'succeeded'], JSON.stringify(said));
    assert.deepEqual(desk.files(), ['heartbeat.service', 'heartbeat.timer', 'owner.service', 'timer.five.service', 'timer.five.timer']);
  });

  it('two at once are one and a refusal, or one after the other', async () => {
    const answers = await Promise.all([desk.ask('install'), desk.ask('install')]);
    assert.ok(answers.some(({ code }) => code === 0) && answers.every(({ code }) => code === 0 || code === 75), JSON.stringify(answers));
    assert.equal((await desk.ask('doctor')).code, 0);
  });

  it('a copy of the folder is another root: what is installed is not its own', async () => {
    const copy = `${desk.root}-copy`;
    cpSync(desk.root, copy, { recursive: true, filter: (path) => !path.endsWith('.sock') });
    const listed = parseAnswer(await call(['install', '--list', '--root', copy, '--json']));
    assert.equal(listed.said.scheduler, 'builtin');
    const { code } = await desk.tell(['uninstall'], { CADENCE_ROOT: copy }, copy);
    assert.deepEqual([code, desk.files().length], [0, 5], 'the copy takes nothing from the original');
  });

  it('a folder that was moved takes with it what was installed of it', async () => {
    await desk.tell(['disable', 'five']);
    const moved = `${desk.root}-moved`;
    const { pid } = (await desk.ask('status')).said.owner as { pid: number };
    process.kill(pid, 'SIGTERM');
    await eventually('the owner has ended', async () => ((await desk.ask('status')).said.owner as { state: string }).state === 'stopped');
    renameSync(desk.root, moved);
    const { code, stderr } = await desk.tell(['install'], {}, moved);
    assert.equal(code, 0, stderr);
    assert.deepEqual(desk.files(), ['heartbeat.service', 'heartbeat.timer', 'owner.service']);
    assert.ok(desk.read('owner.service').includes(moved) && !existsSync(join(desk.root, 'state')));
    assert.equal((await desk.tell(['uninstall'], {}, moved)).code, 0);
    assert.deepEqual(desk.files(), []);
  });

  it('an owner that cannot begin is no reason for launchd to try again every ten seconds', async () => {
    const alone = createKeeperDesk('launchd', 'gone');
    const started = await alone.tell(['start', '--json'], { XPC_SERVICE_NAME: 'cadence-bus.x.owner' }, '/nowhere');
    assert.deepEqual([started.code, (JSON.parse(started.stdout) as { ok: boolean }).ok], [0, false]);
    assert.equal((await alone.tell(['start', '--json'], {}, '/nowhere')).code, 66);
  });
});
