import assert from 'node:assert/strict';
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import { createReading } from '../../lib/app/reading.ts';
import { makeVault } from '../../lib/app/vault.ts';
import { CadenceError } from '../../lib/core/error.ts';
import { pathsOf } from '../../lib/core/paths.ts';
import type { RunRecord } from '../../lib/core/run.ts';
import { createVaultPlan } from '../../lib/services/vault-plan.ts';
import { testClock } from '../support/bus.ts';
import { inFastFolder } from '../support/fast-folder.ts';
import { hookedFiles } from '../support/hooked-files.ts';
import { incidentsOf, type NoticeYard, noticeYard } from '../support/notice-yard.ts';
import { tempRoot } from '../support/temp-root.ts';
import { assertLinked, notesIn, readNote } from '../support/vault-yard.ts';

const MINUTE = 60_000;
const once = 'run: { command: [x] }\nretry: { attempts: 1 }\nbreaker: { failures: 99 }\n';

async function yardOf(): Promise<NoticeYard & { readonly vault: string; vaultRuns(): readonly RunRecord[] }> {
  const root = inFastFolder(tempRoot);
  const yard = await noticeYard({
    root,
    bus: '',
    cadences: { task: once, other: once },
    outcome: ({ cadence }) => ({ kind: 'fail', blame: 'cadence', reason: `exit 1: ${cadence.name}` }),
  });
  const vault = pathsOf(root).vault;
  return Object.assign(yard, { vault, vaultRuns: () => createReading(root).history.runs({ cadence: 'bus-vault', limit: 100 }) });
}

describe('A48 the care of the vault', () => {
  it('A48 does nothing where nobody has made one', async () => {
    const yard = await yardOf();
    await yard.owner.parts.upkeep.daily();
    await yard.run('task');
    assert.deepEqual([existsSync(yard.vault), yard.vaultRuns().length, incidentsOf(yard.root).length], [false, 0, 1]);
  });

  it('A48 makes the notes anew after an incident has changed, at once and then no more often than every ten minutes', async () => {
    const yard = await yardOf();
    mkdirSync(yard.vault);
    await yard.run('task');
    const [first] = incidentsOf(yard.root);
    assert.equal(readNote(notesIn(yard.vault).get(`incidents/${first?.id}`) ?? '').front.occurrences, 1);
    await yard.run('task', 'other', 'task');
    assert.equal(readNote(notesIn(yard.vault).get(`incidents/${first?.id}`) ?? '').front.occurrences, 1, 'what has come since waits');
    assert.equal([...yard.ls('waiting'), ...yard.ls('inbox')].filter((file) => file.includes('.bus-vault.')).length, 1, 'as one tick');
    for (let n = 0; n < 5; n += 1) await yard.pass(10 * MINUTE);
    const notes = notesIn(yard.vault);
    assert.equal(readNote(notes.get(`incidents/${first?.id}`) ?? '').front.occurrences, 3);
    assert.equal([...notes.keys()].filter((path) => path.startsWith('incidents/')).length, 2);
    assertLinked(notes);
    assert.ok(yard.vaultRuns().length <= 6 && yard.vaultRuns().every(({ status }) => status === 'succeeded'));
    assert.ok(
      !createReading(yard.root)
        .runs({ limit: 100 })
        .some(({ cadence }) => cadence === 'bus-vault'),
      'nobody asked for it by name',
    );
    await makeVault(yard.root, false);
    assert.deepEqual(notesIn(yard.vault), notes, 'and the command makes the same of it');
  });

  it('A48 makes them anew once a day', async () => {
    const yard = await yardOf();
    mkdirSync(yard.vault);
    await yard.owner.parts.upkeep.daily();
    await yard.rest();
    assert.ok(existsSync(`${yard.vault}/index.md`));
    rmSync(`${yard.vault}/index.md`);
    await yard.owner.parts.upkeep.daily();
    await yard.rest();
    assert.ok(!existsSync(`${yard.vault}/index.md`));
    yard.clock.advance(24 * 60 * MINUTE);
    await yard.owner.parts.upkeep.daily();
    await yard.rest();
    assert.ok(existsSync(`${yard.vault}/index.md`));
  });

  it('A48 tells of a disk that refuses, dies of nothing, and goes on when it is well', async () => {
    const yard = await yardOf();
    mkdirSync(yard.vault);
    const files = hookedFiles();
    files.before = (call, path) => {
      if (call === 'write' && path.startsWith(yard.vault)) throw new CadenceError('io', `cannot write ${path}: ENOSPC`, 'Free some space.');
    };
    await yard.restart(files);
    await yard.run('task');
    assert.match(String(yard.events.find(({ stage }) => stage === 'vault')?.because), /cannot write .*: ENOSPC/);
    assert.deepEqual([yard.ls('dlq').filter((file) => file.includes('bus-vault')), incidentsOf(yard.root).length], [[], 1]);
    files.before = () => undefined;
    await yard.pass(10 * MINUTE);
    await yard.run('task');
    await yard.pass(10 * MINUTE);
    assert.ok(existsSync(`${yard.vault}/index.md`));
  });

  it('A48 leaves a folder alone that is none, and one that is gone', async () => {
    const yard = await yardOf();
    writeFileSync(yard.vault, 'mine');
    await yard.run('task');
    assert.deepEqual([readFileSync(yard.vault, 'utf8'), yard.vaultRuns().length], ['mine', 0]);
  });

  it('A48 asks for one tick a span of time, and for the next where one is at work; an owner of one cadence asks for none', () => {
    const clock = testClock(Date.UTC(2026, 10, 20, 7, 4));
    const [put, pending, ended]: [string[], Set<string>, Set<string>] = [[], new Set(), new Set()];
    let isServed = true;
    const plan = createVaultPlan({
      ...{ clock, paths: { vault: '/v' }, journal: { emit: () => assert.fail() }, wake: () => undefined },
      files: { info: () => ({ kind: 'folder' }) as never },
      ids: { keyed: (...words) => words.at(-1) ?? '' },
      queue: {
        put({ id, dueMs }) {
          if (pending.has(id) || put.some((one) => one.startsWith(id))) return false;
          pending.add(id);
          put.push(`${id} due ${new Date(dueMs).toISOString().slice(11, 16)}`);
          return true;
        },
        find: (id) => (pending.has(id) ? ({} as never) : undefined),
      },
      serves: () => isServed,
      hasEnded: (id) => ended.has(id),
    });
    const [first, second] = ['vault:2026-11-20T07:00:00.000Z', 'vault:2026-11-20T07:10:00.000Z'];
    plan.ask();
    plan.ask();
    assert.deepEqual(put, [`${first} due 07:04`]);
    pending.delete(first);
    plan.ask();
    assert.deepEqual(put.at(-1), `${second} due 07:10`, 'the first is at work');
    ended.add(first);
    plan.ask();
    assert.equal(put.length, 2);
    isServed = false;
    clock.advance(60 * MINUTE);
    plan.ask();
    assert.equal(put.length, 2);
  });
});
