import assert from 'node:assert/strict';
import { existsSync, mkdirSync, truncateSync } from 'node:fs';
import { describe, it } from 'node:test';
import { createReading } from '../../lib/app/reading.ts';
import { createBrokenFilesCheck } from '../../lib/doctor/broken-files.ts';
import { FIX } from '../../lib/doctor/check.ts';
import { createKeptOutputCheck } from '../../lib/doctor/kept-output.ts';
import { createLeftBehindCheck } from '../../lib/doctor/left-behind.ts';
import { createLeftoversCheck } from '../../lib/doctor/leftovers.ts';
import { createRunFoldersCheck } from '../../lib/doctor/run-folders.ts';
import { createRunLogCheck } from '../../lib/doctor/run-log.ts';
import { createStraysCheck } from '../../lib/doctor/strays.ts';
import { createWallClockCheck } from '../../lib/doctor/wall-clock.ts';
import { formatBytes, listed, shellWord } from '../../lib/doctor/wording.ts';
import { livingOf } from '../../lib/platform/left-behind.ts';
import { HOUR_MS, owned, unowned, type Yard, yard } from './yard.ts';

const NAME = '20261120T070000000Z.backup.x7k2p9qd4mzt.0';

describe('the check of the inbox', () => {
  it('is well with ticks, batches, revived ticks, hidden files and temporary ones', async () => {
    const { root, paths, put } = yard();
    for (const file of [`${NAME}.json`, 'morning.json', 'many.ndjson', `${NAME}.exhausted.json`, '.DS_Store', `${NAME}.exhausted.json.123456`])
      put(`${paths.inbox}/${file}`, {});
    assert.equal((await createStraysCheck({ leftAlone: createReading(root).leftAlone, inbox: paths.inbox }).inspect()).level, 'ok');
  });

  it('warns of what is left alone, by name, five at most, and shows no escape', async () => {
    const { root, paths, put } = yard();
    for (const file of ['a.txt', 'b.json.part', 'c', 'd', 'e', 'f\u001b[2J']) put(`${paths.inbox}/${file}`, '');
    mkdirSync(`${paths.inbox}/g`);
    const { level, detail } = await createStraysCheck({ leftAlone: createReading(root).leftAlone, inbox: paths.inbox }).inspect();
    assert.equal(level, 'warn');
    assert.equal(detail, '7 files are no tick and left alone: a.txt, b.json.part, c, d, e and 2 more');
    assert.equal(existsSync(`${paths.inbox}/a.txt`), true);
  });
});

describe('the check of what runs left behind', () => {
  const runs = () => [
    {
      run_id: 'aaa-1',
      cadence: 'backup',
      survivors: [
        { pid: 11, command: 'sleep 1' },
        { pid: 12, command: 'sleep 2' },
      ],
    },
    { run_id: 'bbb-1', cadence: 'sync' },
    { run_id: 'ccc-1', cadence: 'sync', survivors: [{ pid: 13, command: 'daemon' }] },
  ];

  it('asks of each whether it lives, and names the living with the memory of all', async () => {
    const living = async (left: readonly { readonly pid: number }[]) => {
      assert.deepEqual(
        left.map(({ pid }) => pid),
        [11, 12, 13],
      );
      return new Map([
        [12, 3 * 1024 ** 3],
        [13, 1024 ** 3],
      ]);
    };
    assert.deepEqual(await createLeftBehindCheck({ runs, living }).inspect(), {
      level: 'warn',
      detail: '2 processes of ended runs live on, with 4 GB of memory: 12 sleep 2 (backup, aaa-1), 13 daemon (sync, ccc-1)',
      mend: 'kill 12 13',
    });
  });

  it('is well where none lives, or its pid is that of another by now', async () => {
    assert.equal((await createLeftBehindCheck({ runs, living: async () => new Map() }).inspect()).level, 'ok');
    assert.deepEqual([...(await livingOf([{ pid: process.pid, command: 'something else' }])).keys()], []);
  });
});

describe('the check of leftovers', () => {
  const checkOf = ({ clock, files, paths }: Yard) => createLeftoversCheck({ clock, files, paths });

  it('A40 removes temporary files that are older than an hour, once', async () => {
    const place = yard();
    const { paths } = place;
    const old = [
      `${paths.state}/holds.json.2863311530`,
      `${paths.state}/halt.17`,
      `${paths.runs}/digest.json.17`,
      `${paths.waiting}/${NAME}.json.17`,
      `${paths.dlq}/${NAME}.exhausted.json.17`,
      `${paths.tmp}/x7k2p9qd4mzt.4242`,
    ];
    for (const path of old) place.age(place.put(path, 'half'), HOUR_MS + 60_000);
    const check = checkOf(place);
    assert.equal(check.isOwnersWork, true);
    assert.deepEqual([(await check.inspect()).level, (await check.inspect()).mend], ['warn', FIX]);
    await check.repair?.();
    assert.deepEqual(old.filter(existsSync), []);
    assert.equal((await check.inspect()).level, 'ok');
    assert.equal(await check.repair?.(), '');
  });

  it('leaves young ones, and everything that a user may have called so', async () => {
    const place = yard();
    const { paths } = place;
    place.put(`${paths.state}/holds.json.17`, 'half');
    const mine = [
      `${paths.inbox}/morning.json.17`,
      `${paths.inbox}/notes.17`,
      `${paths.state}/backup.17`,
      `${paths.dlq}/${NAME}.exhausted.json`,
      `${paths.tmp}/mine.json`,
      `${paths.cadences}/a.yaml.17`,
    ];
    for (const path of mine) place.age(place.put(path, 'mine'), 48 * HOUR_MS);
    assert.equal((await checkOf(place).inspect()).level, 'ok');
    assert.equal(await checkOf(place).repair?.(), '');
    assert.deepEqual(mine.filter(existsSync), mine);
  });
});

describe('the check of run folders', () => {
  const RUN = 'x7k2p9qd4mzt-1';
  const claim = { dueMs: 0, cadence: 'backup', id: 'x7k2p9qd4mzt', attempts: 1 };
  const checkOf = (
    { clock, files, paths }: Yard,
    about: { claimed?: readonly (typeof claim)[]; alive?: readonly string[]; isOwned?: () => Promise<boolean> } = {},
  ) =>
    createRunFoldersCheck({
      clock,
      files,
      paths,
      claimed: () => about.claimed ?? [],
      isAlive: (runId) => (about.alive ?? []).includes(runId),
      isOwned: about.isOwned ?? unowned,
    });

  it('is well where each belongs to a claim, its guard too, and lets foreign folders be', async () => {
    const place = yard();
    for (const folder of [RUN, `${RUN}.guard`, 'mine']) place.put(`${place.paths.running}/${folder}/run.json`, {});
    place.clock.advance(48 * HOUR_MS);
    assert.equal((await checkOf(place, { claimed: [claim] }).inspect()).level, 'ok');
  });

  it('A40 removes those without a claim and without a process, once, and no other', async () => {
    const place = yard();
    const { running } = place.paths;
    for (const folder of [RUN, `${RUN}.guard`, 'abcdefghijkl-1', 'mine']) place.put(`${running}/${folder}/run.json`, {});
    const check = checkOf(place, { alive: ['abcdefghijkl-1'] });
    assert.equal((await check.inspect()).mend, FIX);
    assert.notEqual(await check.repair?.(), '');
    assert.deepEqual(place.files.list(running).toSorted(), ['abcdefghijkl-1', 'mine']);
    assert.equal(await check.repair?.(), '');
  });

  it('sees one that a clock ahead of ours has dated', async () => {
    const place = yard();
    place.put(`${place.paths.running}/${RUN}/run.json`, {});
    place.age(`${place.paths.running}/${RUN}`, -48 * HOUR_MS);
    assert.equal((await checkOf(place).inspect()).mend, FIX);
  });

  it('warns of a living process whose tick is gone, and does not offer to mend it', async () => {
    const place = yard();
    place.put(`${place.paths.running}/${RUN}/pid`, '4242\n');
    const { level, mend } = await checkOf(place, { alive: [RUN] }).inspect();
    assert.deepEqual([level, mend], ['warn', `ps -f -p "$(cat ${place.paths.running}/${RUN}/pid)"`]);
  });

  it('gives a living owner an hour to remove them', async () => {
    const place = yard();
    place.put(`${place.paths.running}/${RUN}/run.json`, {});
    const check = checkOf(place, { isOwned: owned });
    assert.equal((await check.inspect()).level, 'ok');
    place.age(`${place.paths.running}/${RUN}`, HOUR_MS + 1000);
    assert.equal((await check.inspect()).level, 'warn');
  });
});

describe('the check of files set aside', () => {
  it('is well without one, and names them', async () => {
    const { files, paths, put } = yard();
    const check = createBrokenFilesCheck({ files, paths });
    assert.equal((await check.inspect()).level, 'ok');
    put(`${paths.holds}.broken-20261120T070000000Z`, '{');
    const { level, detail } = await check.inspect();
    assert.equal(level, 'warn');
    assert.match(detail, /holds\.json\.broken-20261120T070000000Z/);
  });
});

describe('the check of the log of runs', () => {
  it('warns of garbage, and does not read what is too long', async () => {
    const inspect = (bytes: number, garbage: number) => createRunLogCheck({ sizeBytes: () => bytes, read: () => ({ records: 10, garbage }) }).inspect();
    assert.deepEqual(await inspect(2048, 0), { level: 'ok', detail: '10 records, 2 KB' });
    assert.deepEqual([(await inspect(2048, 1)).level, (await inspect(2048, 1)).mend], ['warn', 'cadence-bus audit']);
    const unread = (): never => assert.fail('it was read');
    assert.equal((await createRunLogCheck({ sizeBytes: () => 64 * 1024 ** 2, read: unread }).inspect()).level, 'ok');
  });
});

describe('the check of the clock', () => {
  it('warns of records that are more than two minutes ahead', async () => {
    const nowMs = Date.UTC(2026, 10, 20);
    const inspect = (newest: readonly number[], platform = 'linux') =>
      createWallClockCheck({ clock: { nowMs: () => nowMs }, newestMs: () => newest, platform, lostZone: () => undefined }).inspect();
    assert.equal((await inspect([])).level, 'ok');
    assert.equal((await inspect([nowMs - HOUR_MS, nowMs + 120_000])).level, 'ok');
    const { level, detail } = await inspect([nowMs - 1, nowMs + 120_001]);
    assert.equal(level, 'warn');
    assert.match(detail, /2m from now/);
    assert.notEqual((await inspect([nowMs + HOUR_MS], 'darwin')).mend, (await inspect([nowMs + HOUR_MS])).mend);
  });
});

describe('the check of the clock, and of its zone', () => {
  it('warns of a TZ that names no zone', async () => {
    const lostZone = () => ({ given: 'CET-1CEST', used: 'UTC' });
    const { level, detail, mend } = await createWallClockCheck({ clock: { nowMs: () => 0 }, newestMs: () => [], platform: 'linux', lostZone }).inspect();
    assert.deepEqual([level, detail, mend], ['warn', 'TZ=CET-1CEST names no time zone, so schedules without timezone: go by UTC', 'unset TZ']);
  });
});

describe('the check of kept output', () => {
  it('warns of more than is to be kept, and removes nothing', async () => {
    const { files, paths, put } = yard();
    const path = put(`${paths.subsessions}/2026-11-20-backup-x7k2p9qd4mzt-1.stdout.log`, '');
    truncateSync(path, 3 * 1024 ** 2);
    const inspect = (most: number) => createKeptOutputCheck({ files, paths, mostBytes: () => most }).inspect();
    assert.equal((await inspect(4 * 1024 ** 2)).level, 'ok');
    const { level, detail } = await inspect(2 * 1024 ** 2);
    assert.deepEqual([level, detail], ['warn', '3 MB of at most 2 MB (retention.size)']);
    assert.equal(existsSync(path), true);
  });
});

describe('the words of a check', () => {
  it('give a path as one word of the shell', () => {
    assert.equal(shellWord('/srv/agents/x.json'), '/srv/agents/x.json');
    assert.equal(shellWord("/srv/my agent's $HOME"), "'/srv/my agent'\\''s $HOME'");
    assert.equal(shellWord('-rf'), "'-rf'");
    assert.equal(shellWord(''), "''");
  });

  it('show a few names of many, each on one line', () => {
    assert.equal(listed(['a', 'b\nc', 'd'], 2), 'a, b\\nc and 1 more');
  });

  it('say sizes as the settings do', () => {
    assert.deepEqual([0, 1023, 1024, 1536, 2 * 1024 ** 3, 500 * 1024 ** 2].map(formatBytes), ['0 bytes', '1023 bytes', '1 KB', '1.5 KB', '2 GB', '500 MB']);
  });
});
