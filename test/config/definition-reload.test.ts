import assert from 'node:assert/strict';
import { mkdirSync, readFileSync, renameSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { createDefinitions, type DefinitionChange } from '../../lib/config/definitions.ts';
import { createFiles } from '../../lib/platform/files.ts';
import { createYard, HOME, placesOf, type Yard } from './definition-yard.ts';

const RUN = 'run: {command: [true]}\n';
const kinds = (changes: readonly DefinitionChange[]) => changes.map(({ kind, name }) => `${kind} ${name}`);

describe('an edit', () => {
  it('that breaks a definition keeps the last good one in force and says where; the next good one heals it', () => {
    const yard = createYard();
    yard.put('job.yaml', `${RUN}timeout: 1m\n`);
    const definitions = yard.load();
    yard.put('job.yaml', `${RUN}timeout: 1\n`);
    const [broken] = definitions.reload();
    assert.equal(broken?.kind, 'broken');
    assert.deepEqual(placesOf(broken?.problems ?? []), ['2:10 timeout']);
    assert.equal(definitions.get('job')?.cadence?.timeoutMs, 60_000);
    assert.deepEqual(placesOf(definitions.get('job')?.problems ?? []), ['2:10 timeout']);
    assert.deepEqual(definitions.problems(), [], 'those of a definition in force stand beside it');
    yard.put('job.yaml', `${RUN}timeout: 20m\n`);
    assert.deepEqual(kinds(definitions.reload()), ['healed job']);
    assert.equal(definitions.get('job')?.cadence?.timeoutMs, 20 * 60_000);
    assert.deepEqual(definitions.get('job')?.problems, []);
  });

  it('is told once: added, changed, broken, broken otherwise, healed, removed, and nothing in between', () => {
    const yard = createYard();
    const definitions = yard.load();
    const steps: readonly (readonly [string | undefined, readonly string[]])[] = [
      [RUN, ['added job']],
      [`# a comment\n${RUN}`, ['changed job']],
      ['run: [', ['broken job']],
      ['run: {', ['broken job']],
      [RUN, ['healed job']],
      [undefined, ['removed job']],
      ['x: 1', ['broken job']],
      [undefined, ['removed job']],
    ];
    for (const [text, expected] of steps) {
      if (text === undefined) yard.remove('job.yaml');
      else yard.put('job.yaml', text);
      assert.deepEqual(kinds(definitions.reload()), expected);
      assert.deepEqual(kinds(definitions.reload()), []);
    }
    assert.equal(definitions.get('job'), undefined);
  });

  it('that only touches a file is none', () => {
    const yard = createYard();
    const path = yard.put('job.yaml', RUN);
    const definitions = yard.load();
    const before = definitions.get('job')?.cadence;
    utimesSync(path, 1, 1);
    assert.deepEqual(definitions.reload(), []);
    assert.deepEqual(definitions.get('job')?.cadence, before);
  });

  it('of a prompt’s body is an edit of its cadence', () => {
    const yard = createYard();
    yard.put('review.md', 'Review.');
    const definitions = yard.load();
    yard.put('review.md', 'Review it all.');
    assert.deepEqual(kinds(definitions.reload()), ['changed review']);
  });

  it('that keeps time, size and inode is seen by the time of its change, which nobody can set', () => {
    const yard = createYard();
    const path = yard.put('job.yaml', `${RUN}timeout: 1m\n`);
    utimesSync(path, 1, 1);
    const definitions = yard.load();
    writeFileSync(path, `${RUN}timeout: 2m\n`);
    utimesSync(path, 1, 1);
    assert.deepEqual(kinds(definitions.reload()), ['changed job']);
    assert.deepEqual(kinds(definitions.reload(path)), []);
    assert.equal(definitions.get('job')?.cadence?.timeoutMs, 120_000);
  });

  it('of one file that the watch names takes nobody else’s definition away in the middle of a save', () => {
    const yard = createYard();
    const path = yard.put('one.yaml', RUN);
    yard.put('two.yaml', RUN);
    const definitions = yard.load();
    yard.remove('two.yaml');
    yard.put('one.yaml', `${RUN}timeout: 1m\n`);
    assert.deepEqual(kinds(definitions.reload(path)), ['changed one']);
    assert.ok(definitions.get('two')?.cadence);
    assert.deepEqual(kinds(definitions.reload()), ['removed two']);
  });
});

describe('a definition', () => {
  it('breaks and heals with the files that it needs, without an edit of its own', () => {
    const yard = createYard();
    const handler = join(yard.paths.root, 'h.mjs');
    yard.put('job.yaml', 'run: {inline: ./h.mjs}\n');
    const definitions = yard.load();
    assert.equal(definitions.get('job')?.cadence, undefined);
    writeFileSync(handler, '');
    assert.deepEqual(kinds(definitions.reload()), ['healed job']);
    rmSync(handler);
    assert.deepEqual(kinds(definitions.reload()), ['broken job']);
    assert.ok(definitions.get('job')?.cadence);
  });

  it('breaks and heals with the lanes of bus.yaml', () => {
    const yard = createYard();
    yard.put('job.yaml', `${RUN}lane: gpu\n`);
    const definitions = yard.load();
    assert.equal(definitions.get('job')?.cadence, undefined);
    const settings = yard.put('bus.yaml', 'lanes: {gpu: 2}\n');
    assert.deepEqual(kinds(definitions.reload(settings)), ['added bus.yaml', 'healed job']);
    assert.equal(definitions.get('job')?.cadence?.lane, 'gpu');
  });

  it('breaks with a twin and heals when one of the two is gone', () => {
    const yard = createYard();
    yard.put('job.yaml', RUN);
    const definitions = yard.load();
    const twin = yard.put('job.md', 'hello');
    assert.deepEqual(kinds(definitions.reload(twin)), ['broken job']);
    assert.equal(definitions.get('job')?.cadence?.run.kind, 'command');
    yard.remove('job.md');
    assert.deepEqual(kinds(definitions.reload(twin)), ['healed job']);
  });
});

describe('settings of the bus', () => {
  it('that are broken leave the last good ones in force; with nothing set the defaults hold', () => {
    const yard = createYard();
    yard.put('bus.yaml', 'lanes: {agent: 3}\n');
    const definitions = yard.load();
    yard.put('bus.yaml', 'lanes: {agent: many}\n');
    assert.deepEqual(kinds(definitions.reload()), ['broken bus.yaml']);
    assert.equal(definitions.settings().lanes.agent, 3);
    assert.deepEqual(placesOf(definitions.problems()), ['1:16 lanes.agent']);
    yard.put('bus.yaml', 'lanes: {agent: 2}\n');
    assert.deepEqual(kinds(definitions.reload()), ['healed bus.yaml']);
    assert.equal(definitions.settings().lanes.agent, 2);
    yard.put('bus.yaml', '{}\n');
    assert.deepEqual(kinds(definitions.reload()), ['changed bus.yaml']);
    assert.equal(definitions.settings().lanes.agent, 1);
  });

  for (const [way, lose] of [
    ['gone', (yard: Yard) => yard.remove('bus.yaml')],
    ['emptied', (yard: Yard) => void yard.put('bus.yaml', ' \n')],
  ] as const)
    it(`that are ${way} stay in force, and are told as broken until there are some again`, () => {
      const yard = createYard();
      const path = yard.put('bus.yaml', 'budget: {day_usd: 5}\nlanes: {agent: 3}\nagent: {command: [cat]}\n');
      yard.put('brief.md', 'Write.\n');
      const definitions = yard.load();
      lose(yard);
      assert.deepEqual(kinds(definitions.reload(path)), ['broken bus.yaml']);
      assert.deepEqual(kinds([...definitions.reload(), ...definitions.reload(path)]), [], 'once');
      assert.deepEqual([definitions.settings().lanes.agent, definitions.settings().budget?.dayUsd], [3, 5]);
      assert.equal(definitions.get('brief')?.cadence?.run.kind, 'agent');
      assert.equal(definitions.problems()[0]?.path, path);

      yard.put('bus.yaml', 'lanes: {agent: 2}\n');
      assert.deepEqual(kinds(definitions.reload(path))[0], 'healed bus.yaml');
      assert.deepEqual([definitions.settings().lanes.agent, definitions.settings().budget], [2, undefined]);
    });

  it('that never said anything are not missed', () => {
    const yard = createYard();
    yard.put('bus.yaml', '');
    const definitions = yard.load();
    yard.put('bus.yaml', '\n\n');
    assert.deepEqual(kinds(definitions.reload()), []);
    assert.deepEqual(definitions.problems(), []);
  });
});

describe('looking again where nothing has changed', () => {
  it('opens no file', () => {
    const yard = createYard();
    for (let index = 10; index < 60; index++) yard.put(`job-${index}.yaml`, RUN);
    yard.put('bus.yaml', 'lanes: {agent: 2}\n');
    const files = createFiles();
    let reads = 0;
    const read = (path: string, most?: number) => {
      reads += 1;
      return files.read(path, most);
    };
    const definitions = createDefinitions({ files: { ...files, read }, paths: yard.paths, home: HOME });
    assert.equal(reads, 51);
    definitions.reload();
    assert.equal(reads, 51);
  });

  it('answers with the same objects, and after an edit with another one for what was edited', () => {
    const yard = createYard();
    for (const name of ['job', 'other']) yard.put(`${name}.yaml`, RUN);
    const definitions = yard.load();
    const before = definitions.all();
    definitions.reload();
    assert.equal(definitions.all(), before);
    assert.equal(definitions.get('job'), before[0]);
    definitions.reload(yard.put('job.yaml', `${RUN}timeout: 1m\n`));
    assert.deepEqual(
      definitions.all().map((one, n) => one === before[n]),
      [false, true],
    );
    assert.equal(definitions.get('job')?.cadence?.timeoutMs, 60_000);
    yard.remove('other.yaml');
    definitions.reload();
    assert.deepEqual(
      definitions.all().map(({ name }) => name),
      ['job'],
    );
  });

  it('sees a file that was replaced by a rename, even with the same time and size', () => {
    const yard = createYard();
    const path = yard.put('job.yaml', `${RUN}timeout: 1m\n`);
    utimesSync(path, 1, 1);
    const definitions = yard.load();
    const half = join(yard.paths.root, 'half');
    writeFileSync(half, readFileSync(path, 'utf8').replace('1m', '2m'));
    utimesSync(half, 1, 1);
    renameSync(half, path);
    assert.deepEqual(kinds(definitions.reload()), ['changed job']);
  });

  it('a folder that comes later is seen', () => {
    const yard = createYard();
    rmSync(yard.paths.cadences, { recursive: true });
    const definitions = yard.load();
    mkdirSync(yard.paths.cadences);
    yard.put('job.yaml', RUN);
    assert.deepEqual(kinds(definitions.reload()), ['added job']);
  });
});
