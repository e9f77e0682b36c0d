import assert from 'node:assert/strict';
import { mkdirSync, renameSync, rmSync, unlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import type { LiveDefinitions } from '../../lib/config/definitions.ts';
import { watchCadences } from '../../lib/platform/cadence-watch.ts';
import { eventually } from '../support/eventually.ts';
import { createYard, placesOf, type Yard } from './definition-yard.ts';

const RUN = 'run: {command: [true]}\n';
const timed = (timeout: string) => `${RUN}timeout: ${timeout}\n`;

/** Definitions that follow their folder through the real watch. Resolves when the watch has been armed and has said so. */
async function follow(test: TestContext, yard: Yard): Promise<{ readonly definitions: LiveDefinitions; readonly heard: string[] }> {
  const definitions = yard.load();
  const heard: string[] = [];
  const watch = watchCadences(yard.paths.cadences, (path) => {
    heard.push(path ?? 'all');
    definitions.reload(path);
  });
  test.after(() => watch.close());
  await eventually('the watch is armed', () => heard.length > 0);
  return { definitions, heard };
}

const timeoutOf = (definitions: LiveDefinitions) => definitions.get('job')?.cadence?.timeoutMs;

describe('the watch over the folder of definitions', () => {
  it('a broken edit keeps the last good definition and says where; mending the file heals it', async (test) => {
    const yard = createYard();
    yard.put('job.yaml', timed('1m'));
    const { definitions } = await follow(test, yard);
    yard.put('job.yaml', timed('oops'));
    await eventually('the problem is known', () => definitions.get('job')?.problems.length === 1);
    assert.deepEqual(placesOf(definitions.get('job')?.problems ?? []), ['2:10 timeout']);
    assert.equal(timeoutOf(definitions), 60_000);
    yard.put('job.yaml', timed('2m'));
    await eventually('it is healed', () => timeoutOf(definitions) === 120_000);
    assert.deepEqual(definitions.get('job')?.problems, []);
  });

  it('sees what is saved by a rename over the file, again and again', async (test) => {
    const yard = createYard();
    const path = yard.put('job.yaml', timed('1m'));
    const { definitions } = await follow(test, yard);
    for (const minutes of [2, 3, 4]) {
      writeFileSync(join(yard.paths.cadences, '.job.yaml.new'), timed(`${minutes}m`));
      renameSync(join(yard.paths.cadences, '.job.yaml.new'), path);
      await eventually(`save ${minutes}`, () => timeoutOf(definitions) === minutes * 60_000);
    }
  });

  it('sees what vim saves: the old file is moved aside, the new one written, the old one removed', async (test) => {
    const yard = createYard();
    const path = yard.put('job.yaml', timed('1m'));
    const { definitions } = await follow(test, yard);
    for (const minutes of [2, 3, 4]) {
      renameSync(path, `${path}~`);
      writeFileSync(path, timed(`${minutes}m`));
      unlinkSync(`${path}~`);
      await eventually(`save ${minutes}`, () => timeoutOf(definitions) === minutes * 60_000);
    }
  });

  it('sees a file go, and come back', async (test) => {
    const yard = createYard();
    yard.put('job.yaml', timed('1m'));
    const { definitions } = await follow(test, yard);
    yard.remove('job.yaml');
    await eventually('it is gone', () => definitions.get('job') === undefined);
    yard.put('job.yaml', timed('2m'));
    await eventually('it is back', () => timeoutOf(definitions) === 120_000);
  });

  it('waits for a folder that is not there yet, and for one that went away', async (test) => {
    const yard = createYard();
    rmSync(yard.paths.cadences, { recursive: true });
    const { definitions } = await follow(test, yard);
    for (const minutes of [1, 2]) {
      mkdirSync(yard.paths.cadences);
      yard.put('job.yaml', timed(`${minutes}m`));
      await eventually(`folder ${minutes}`, () => timeoutOf(definitions) === minutes * 60_000);
      rmSync(yard.paths.cadences, { recursive: true });
      await eventually(`no folder ${minutes}`, () => definitions.get('job') === undefined);
    }
  });

  it('follows the name where another folder takes its place at once', async (test) => {
    const yard = createYard();
    yard.put('job.yaml', timed('1m'));
    const { definitions, heard } = await follow(test, yard);
    const next = join(yard.paths.root, 'next');
    mkdirSync(next);
    writeFileSync(join(next, 'job.yaml'), timed('2m'));
    renameSync(yard.paths.cadences, join(yard.paths.root, 'before'));
    renameSync(next, yard.paths.cadences);
    await eventually('the new folder is read', () => timeoutOf(definitions) === 120_000);
    await eventually('the watch is armed again', () => heard.filter((path) => path === 'all').length >= 2);
    yard.put('late.yaml', RUN);
    await eventually('a file that comes later is seen', () => definitions.get('late')?.cadence);
  });

  it('looks at everything after a burst, and sees each of its files', async (test) => {
    const yard = createYard();
    const { heard, definitions } = await follow(test, yard);
    heard.length = 0;
    for (let n = 0; n < 700; n += 1) yard.put(`job-${n}.yaml`, RUN);
    await eventually('all of them are known', () => definitions.all().length === 700);
    assert.ok(heard.includes('all'));
    assert.ok(heard.length < 700, `${heard.length} looks for 700 files`);
  });

  it('sees an edit beside a file that is written without a pause', async (test) => {
    const yard = createYard();
    const { definitions } = await follow(test, yard);
    const chatty = setInterval(() => {
      for (let n = 0; n < 50; n += 1) yard.put('chatty.md', `Round ${n}.`);
    }, 5);
    test.after(() => clearInterval(chatty));
    for (const minutes of [1, 2, 3]) {
      yard.put('job.yaml', timed(`${minutes}m`));
      await eventually(`edit ${minutes}`, () => timeoutOf(definitions) === minutes * 60_000);
    }
  });

  it('says nothing about hidden files, editors’ leftovers, other suffixes and folders below', async (test) => {
    const yard = createYard();
    const { heard, definitions } = await follow(test, yard);
    heard.length = 0;
    for (const file of ['.job.yaml', '#job#.yaml', 'job.yaml~', '.job.yaml.swp', '4913', 'h.mjs']) yard.put(file, RUN);
    mkdirSync(join(yard.paths.cadences, 'below'));
    writeFileSync(join(yard.paths.cadences, 'below', 'job.yaml'), RUN);
    writeFileSync(join(yard.paths.root, 'job.yaml'), RUN);
    const last = yard.put('last.yaml', RUN);
    await eventually('the last file is seen', () => definitions.get('last'));
    assert.deepEqual(heard, [last]);
  });

  it('is silent once it is closed', async () => {
    const yard = createYard();
    const heard: string[] = [];
    const closed = watchCadences(yard.paths.cadences, (path) => heard.push(path ?? 'all'));
    await eventually('armed', () => heard.length > 0);
    closed.close();
    closed.close();
    heard.length = 0;
    const seen: string[] = [];
    const open = watchCadences(yard.paths.cadences, (path) => seen.push(path ?? 'all'));
    await eventually('armed', () => seen.length > 0);
    const path = yard.put('job.yaml', RUN);
    await eventually('the other watch sees it', () => seen.includes(path));
    open.close();
    assert.deepEqual(heard, []);
  });
});
