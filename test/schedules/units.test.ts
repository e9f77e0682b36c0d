import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import type { Job } from '../../lib/schedules/job.ts';
import { systemdUnits } from '../../lib/schedules/systemd-unit.ts';
import { tempRoot } from '../support/temp-root.ts';
import { ownerJob, timerJob } from './jobs.ts';

/** Checks all units at once, as systemd does when it loads them. It exits 0 for keys that it does not know, and says so: both count. */
function verify(jobs: readonly Job[]): void {
  const folder = tempRoot('cb-units-');
  const runtime = join(folder, 'run');
  mkdirSync(runtime, { mode: 0o700 });
  const paths = jobs.flatMap((job) => {
    const { service, timer } = systemdUnits(job);
    const files = { [`${job.label}.service`]: service, ...(timer === undefined ? {} : { [`${job.label}.timer`]: timer }) };
    return Object.entries(files).map(([file, text]) => {
      writeFileSync(join(folder, file), text);
      return join(folder, file);
    });
  });
  const { status, stderr, error } = spawnSync('systemd-analyze', ['--user', 'verify', '--man=no', ...paths], {
    encoding: 'utf8',
    env: { PATH: process.env.PATH, HOME: folder, XDG_RUNTIME_DIR: runtime },
  });
  if (error !== undefined) return; // No systemd here: what the lines say is proved by the tests beside this one.
  assert.deepEqual([status, stderr], [0, '']);
}

/** The words of the command, read as systemd.syntax and systemd.service describe it: quotes, backslashes, `%%`, `$$`. */
function readCommand(service: string): readonly string[] {
  const [, command = ''] = /^ExecStart=-?(.*)$/m.exec(service) ?? [];
  const words = command.match(/"(?:\\.|[^"\\])*"/g) ?? [];
  assert.equal(words.join(' '), command, 'nothing stands outside the quotes');
  return words.map((word, index) => {
    const text = word.slice(1, -1).replace(/\\(.)/g, '$1').replaceAll('%%', '\u0000');
    assert.doesNotMatch(text, /%/, 'a specifier is left');
    const unquoted = text.replaceAll('\u0000', '%');
    if (index === 0) return unquoted;
    assert.doesNotMatch(unquoted.replaceAll('$$', ''), /\$/, 'a variable is left');
    return unquoted.replaceAll('$$', '$');
  });
}

const plainText = fc.string({ unit: 'binary' }).filter((text) => !/[\u0000-\u001f\u007f-\u009f\u2028\u2029\ufffd-\uffff\ud800-\udfff]/u.test(text));

describe('D12 units of systemd', () => {
  it('are such that systemd finds nothing wrong, for the owner, the watchman, the probe and every form of schedule', () => {
    const every = ['*/5 9-17 * * 1-5', '0 7 13 * 5', '@yearly', 'every 90m', 'every 30s', 'every 7h', 'every 90s', 'every 7s', 'every 61s', 'daily 7:00,19:30'];
    verify([
      ownerJob(),
      ownerJob({ role: 'heartbeat', name: 'heartbeat', label: 'cadence-bus.w.heartbeat', when: { kind: 'every', minutes: 60, minute: 7 } }),
      ownerJob({ role: 'heartbeat', name: 'heartbeat', label: 'cadence-bus.w2.heartbeat', when: { kind: 'every', minutes: 20, minute: 7 } }),
      timerJob([], { role: 'probe', name: 'probe', label: 'cadence-bus.w.probe', when: { kind: 'asked' } }),
      ...every.map((line, index) => timerJob(line, { label: `cadence-bus.w.timer.t${index}` }, index % 2 === 0 ? 'America/New_York' : undefined)),
    ]);
  });

  it('name a zone as its file is named, however it is spelled', () => {
    const zones = ['europe/vienna', 'EUROPE/VIENNA', 'Europe/Vienna', 'utc', 'america/port-au-prince', 'us/pacific', 'CET', 'Etc/GMT-2'];
    const jobs = zones.map((zone, index) => timerJob('daily 7:00', { label: `cadence-bus.w.timer.z${index}` }, zone));
    assert.deepEqual(jobs.map((job) => /^OnCalendar=.* (\S+)$/m.exec(systemdUnits(job).timer ?? '')?.[1]).slice(0, 5), [
      'Europe/Vienna',
      'Europe/Vienna',
      'Europe/Vienna',
      'UTC',
      'America/Port-au-Prince',
    ]);
    verify(jobs);
  });

  it('start what they are told to, with a root of blanks, quotes and umlauts', () => {
    const folder = tempRoot('cb-units-');
    const program = join(folder, `no "de" 100% $x Ünï`);
    writeFileSync(program, '#!/bin/sh\n');
    chmodSync(program, 0o755);
    const root = `/Users/Zoë Müller/"my" & <agents>'s 100% $HOME %h \\n \\`;
    const argv = [program, 'start', '--root', root] as const;
    const jobs = [ownerJob({ argv, description: `the owner of ${root}`, searchPath: `${folder}:/usr/bin` }), timerJob('daily 7:00', { argv })];
    verify(jobs);
    const shell = ['/bin/sh', '-c', 'exec "$0" "$@"'];
    for (const job of jobs) assert.deepEqual(readCommand(systemdUnits(job).service), [...shell, ...argv], 'systemd starts no program with a quote in its name');
  });

  it('let nothing that is in a path become a line, a key, a specifier or a variable', () => {
    fc.assert(
      fc.property(plainText, plainText, plainText, (word, description, searchPath) => {
        const job = ownerJob({ argv: ['/usr/bin/true', word], description, searchPath });
        const { service } = systemdUnits(job);
        assert.deepEqual(readCommand(service), job.argv);
        assert.deepEqual(
          service.split('\n').map((line) => line.split('=')[0]),
          systemdUnits(ownerJob())
            .service.split('\n')
            .map((line) => line.split('=')[0]),
        );
        assert.doesNotMatch(service, /\\$/m, 'no line goes on in the next one');
      }),
    );
    for (const text of ['a\nExecStartPre=/bin/rm', 'a\r', 'tab\t', '\u0000'])
      for (const bad of [{ argv: ['/usr/bin/true', text] as const }, { description: text }, { searchPath: text }])
        assert.throws(() => systemdUnits(ownerJob(bad)), { code: 'bad_data' });
  });

  it('keep the owner up, and let its children outlive it', () => {
    const { service, timer } = systemdUnits(ownerJob());
    for (const line of [
      'Type=exec',
      'Restart=on-failure',
      'RestartSec=5',
      'RestartPreventExitStatus=64 66 77 78',
      'KillMode=process',
      'TimeoutStopSec=60',
      'StartLimitBurst=20',
    ])
      assert.ok(service.includes(`\n${line}\n`), line);
    assert.equal(timer, undefined);
  });

  it('P34 are never kept alive where they are timers, and fail for nobody', () => {
    const { service, timer } = systemdUnits(timerJob('0 7 13 * 5', {}, 'Europe/Vienna'));
    assert.doesNotMatch(service, /Restart|Install/);
    assert.match(service, /^ExecStart=-"\/bin\/sh" "\/opt\/cadence-bus\/bin\/enqueue" "backup" "--once"/m);
    assert.deepEqual(
      timer?.split('\n').filter((line) => /^(OnCalendar|Persistent|AccuracySec)/.test(line)),
      ['OnCalendar=*-*-13 07:00:00 Europe/Vienna', 'OnCalendar=Fri *-*-* 07:00:00 Europe/Vienna', 'Persistent=true', 'AccuracySec=1s'],
      'a weekday or a date is two lines',
    );
  });
});
