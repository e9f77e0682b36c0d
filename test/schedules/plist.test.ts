import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { launchdJob, launchdPlist } from '../../lib/schedules/launchd-plist.ts';
import { formatPlist, type PlistValue } from '../../lib/schedules/plist.ts';
import { readPlist } from '../support/plist-reader.ts';
import { ownerJob, timerJob } from './jobs.ts';

const NOW = Date.parse('2026-11-20T10:00:00Z');
const READ_ALL = 'import json, plistlib, sys\nprint(json.dumps([plistlib.loads(text.encode()) for text in json.load(sys.stdin)]))';

/** undefined: there is no python3 here. */
function readByPython(texts: readonly string[]): readonly unknown[] | undefined {
  const { status, error, stdout, stderr } = spawnSync('python3', ['-c', READ_ALL], { input: JSON.stringify(texts), encoding: 'utf8' });
  if (error !== undefined) return undefined;
  assert.equal(status, 0, stderr);
  return JSON.parse(stdout);
}

/** By our own strict reader, and by Python's, where there is one. */
function assertReadBack(values: readonly PlistValue[]): void {
  const texts = values.map(formatPlist);
  assert.deepEqual(texts.map(readPlist), values);
  assert.deepEqual(readByPython(texts) ?? values, values);
}

const plainText = fc.string({ unit: 'binary' }).filter((text) => !/[\u0000-\u001f\u007f-\u009f\u2028\u2029\ufffd-\uffff\ud800-\udfff]/u.test(text));
const { value: plistValue } = fc.letrec<{ value: PlistValue }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 4 },
    plainText,
    fc.integer(),
    fc.boolean(),
    fc.array(tie('value'), { maxLength: 4 }),
    fc.dictionary(
      plainText.filter((key) => key !== '__proto__'),
      tie('value'),
      { maxKeys: 4, noNullPrototype: true },
    ),
  ),
}));

describe('P34 property lists', () => {
  it('parse back to the same object, whatever stands in them', () => {
    assertReadBack(fc.sample(plistValue, { numRuns: 400, seed: 5 }));
    fc.assert(fc.property(plistValue, (value) => assert.deepEqual(readPlist(formatPlist(value)), value)));
  });

  it('refuse line breaks, control characters and broken characters', () => {
    for (const text of ['a\nb', 'a\rb', 'a\u0000', '\u001b[31m', 'a\u2028', 'lone \ud800', '\uffff'])
      assert.throws(() => formatPlist({ key: text }), { code: 'bad_data', message: /no service file can hold/ });
  });

  it('of jobs of every kind parse back, with a root of blanks, quotes and umlauts', () => {
    const root = `/Users/Zoë Müller/"my" & <agents>'s ]]> 100% $HOME \\n`;
    const argv = ['/usr/bin/true', 'start', '--root', root] as const;
    const jobs = [ownerJob({ argv, workFolder: root, logStem: `${root}/logs/owner` }), timerJob(['*/5 9-17 * * 1-5', 'every 30s'], { argv })];
    const objects = jobs.map((job) => launchdJob(job, NOW));
    assert.deepEqual(
      jobs.map((job) => readPlist(launchdPlist(job, NOW))),
      objects,
    );
    assertReadBack(objects);
    assert.deepEqual(objects[0]?.ProgramArguments, argv);
  });

  it('keep only the owner alive; a timer is never run at load, and a job has no secret, no relative path and a PATH', () => {
    const owner = launchdJob(ownerJob(), NOW);
    assert.deepEqual([owner.RunAtLoad, owner.KeepAlive, owner.ExitTimeOut, owner.ThrottleInterval, owner.Umask], [true, { SuccessfulExit: false }, 60, 10, 63]);
    assert.deepEqual(owner.LimitLoadToSessionType, ['Aqua', 'Background']);
    assert.equal(owner.WorkingDirectory, '/home/ada/writer');
    const timer = launchdJob(timerJob('daily 7:00,19:30'), NOW);
    assert.deepEqual(
      Object.keys(timer).filter((key) => /KeepAlive|RunAtLoad|StandardErrorPath/.test(key)),
      [],
    );
    assert.deepEqual(timer.StartCalendarInterval, [
      { Hour: 7, Minute: 0 },
      { Hour: 19, Minute: 30 },
    ]);
    for (const job of [owner, timer]) {
      assert.deepEqual(Object.keys(job.EnvironmentVariables as object), ['PATH']);
      assert.ok((job.ProgramArguments as string[])[0]?.startsWith('/'));
    }
  });

  it('P18 name the logs of what they start: <name>.log and <name>.err of the owner, <cadence>.err of a timer', () => {
    const owner = launchdJob(ownerJob(), NOW);
    assert.deepEqual(
      [owner.StandardOutPath, owner.StandardErrorPath],
      ['/home/ada/writer/logs/cadence-bus/owner.log', '/home/ada/writer/logs/cadence-bus/owner.err'],
    );
    assert.ok((launchdJob(timerJob('daily 7:00'), NOW).ProgramArguments as string[]).includes('/home/ada/writer/logs/cadence-bus/timers/backup.err'));
  });
});
