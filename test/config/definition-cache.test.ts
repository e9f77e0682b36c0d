import assert from 'node:assert/strict';
import { chmodSync, mkdirSync, readFileSync, rmSync, statSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { createDefinitionCache } from '../../lib/config/definition-cache.ts';
import { createDefinitions, type LiveDefinitions } from '../../lib/config/definitions.ts';
import { textMark } from '../../lib/core/text/mark.ts';
import { createFiles } from '../../lib/platform/files.ts';
import { createYard, HOME, type Yard } from './definition-yard.ts';

const DAY_MS = 86_400_000;

interface Life {
  readonly definitions: LiveDefinitions;
  /** Definitions that were opened. */
  readonly opened: readonly string[];
}

/** One who reads the definitions, tomorrow unless it is said otherwise: by then all files have rested. */
function live({ paths }: Yard, { madeBy = 'me', uid = process.getuid?.(), nowMs = Date.now() + DAY_MS, home = HOME } = {}): Life {
  const opened: string[] = [];
  const disk = createFiles();
  const files = {
    ...disk,
    read(path: string, most?: number) {
      if (path.startsWith(paths.cadences)) opened.push(path.slice(paths.cadences.length + 1));
      return disk.read(path, most);
    },
  };
  const cache = createDefinitionCache({ files: disk, path: paths.definitions, folder: paths.state, madeBy: `${madeBy} ${home}`, uid, nowMs: () => nowMs });
  const definitions = createDefinitions({ files, paths, home, cache });
  definitions.keep();
  return { definitions, opened };
}

function createFullYard(): Yard {
  const yard = createYard();
  mkdirSync(yard.paths.state, { recursive: true, mode: 0o700 });
  writeFileSync(`${yard.paths.root}/x.sh`, '');
  yard.put(
    'bus.yaml',
    'lanes: {gpu: 1}\nclaude: {max_turns: 3}\nagents:\n  - {name: main, claude: {model: opus}}\n  - {name: spare, agent: {command: [other-agent]}}\n',
  );
  yard.put('plain.yaml', 'run: {command: [./x.sh]}\nschedule: every 30m\nlane: gpu\nwatch: [traceback]\n');
  yard.put('review.md', '---\nschedule: daily 7:00\n---\nReview it.\n');
  yard.put('asked.md', 'Look at it.\n');
  yard.put('broken.yaml', 'run: {command: [./x.sh]}\ntimeout: soon\n');
  yard.put('lacking.yaml', 'run: {command: [./gone.sh]}\n');
  return yard;
}

function answersOf({ definitions }: Life): unknown {
  return { all: definitions.all(), problems: definitions.problems(), settings: definitions.settings() };
}

describe('definitions that were read before', () => {
  it('are what they were, and none of their files is opened', () => {
    const yard = createFullYard();
    const first = live(yard);
    assert.deepEqual(first.opened.toSorted(), ['asked.md', 'broken.yaml', 'bus.yaml', 'lacking.yaml', 'plain.yaml', 'review.md']);
    const next = live(yard);
    assert.deepEqual(next.opened, []);
    assert.deepEqual(answersOf(next), answersOf(first));
    assert.equal(statSync(yard.paths.definitions).mode & 0o777, 0o600);
  });

  it('are read again one by one, whatever became of their files', () => {
    const ways: Readonly<Record<string, (path: string) => void>> = {
      'another text of the same length in the same file, its times set back': (path) => {
        const { atime, mtime } = statSync(path);
        writeFileSync(path, readFileSync(path, 'utf8').replace('30m', '40m'));
        utimesSync(path, atime, mtime);
      },
      'another file': (path) => {
        rmSync(path);
        writeFileSync(path, 'run: {command: [./x.sh]}\nschedule: every 40m\nlane: gpu\n');
      },
      'another mode': (path) => chmodSync(path, 0o600),
    };
    for (const [way, change] of Object.entries(ways)) {
      const yard = createFullYard();
      live(yard);
      change(`${yard.paths.cadences}/plain.yaml`);
      const next = live(yard);
      // Which agents there are is asked again of whoever names them.
      assert.deepEqual(next.opened, ['plain.yaml', 'bus.yaml'], way);
      assert.deepEqual(answersOf(next), answersOf({ definitions: yard.load(), opened: [] }), way);
      assert.deepEqual(live(yard).opened, [], way);
    }
  });

  it('are all read again after another bus.yaml, for it says which agents they have', () => {
    const yard = createFullYard();
    live(yard);
    yard.put('bus.yaml', 'lanes: {gpu: 1}\nclaude: {max_turns: 9}\n');
    const next = live(yard);
    assert.equal(next.opened.length, 6);
    assert.deepEqual(answersOf(next), answersOf({ definitions: yard.load(), opened: [] }));
    yard.remove('bus.yaml');
    assert.equal(live(yard).opened.length, 5);
  });

  it('use the agents of bus.yaml when one of them is edited later', () => {
    const yard = createFullYard();
    live(yard);
    const next = live(yard);
    const path = yard.put('review.md', '---\nschedule: daily 8:00\n---\nReview it all.\n');
    next.definitions.reload(path);
    assert.deepEqual(answersOf(next), answersOf({ definitions: yard.load(), opened: [] }));
    assert.equal(next.definitions.get('review')?.cadence?.slots?.length, 2);
  });

  it('tell an edit from a touch, though their text was not read in this life', () => {
    const yard = createFullYard();
    live(yard);
    const { definitions } = live(yard);
    utimesSync(`${yard.paths.cadences}/review.md`, 1, 1);
    assert.deepEqual(definitions.reload(), []);
    yard.put('review.md', '---\nschedule: daily 7:00\n---\nReview it!\n');
    assert.deepEqual(
      definitions.reload().map(({ kind, name }) => `${kind} ${name}`),
      ['changed review'],
    );
  });

  it('are looked at again for what they need: a program that came, a workspace that is a link', () => {
    const yard = createFullYard();
    const { root } = yard.paths;
    yard.put('linked.yaml', 'run: {command: [./x.sh]}\nworkspace: here\n');
    live(yard);
    for (const name of ['real', 'other']) mkdirSync(`${root}/${name}`);
    writeFileSync(`${root}/gone.sh`, '');
    symlinkSync(`${root}/real`, `${root}/here`);
    const next = live(yard);
    assert.deepEqual(next.opened, []);
    assert.deepEqual(next.definitions.get('lacking')?.problems, []);
    assert.equal(next.definitions.get('linked')?.cadence?.workspace, `${root}/real`);
  });

  it('are forgotten by another program, another home, and where the file is garbage', () => {
    const yard = createFullYard();
    live(yard);
    const whole = readFileSync(yard.paths.definitions, 'utf8');
    assert.equal(live(yard, { madeBy: 'another' }).opened.length, 6);
    writeFileSync(yard.paths.definitions, whole);
    assert.equal(live(yard, { home: '/home/else' }).opened.length, 6);
    const changed = fc.record({ at: fc.nat(whole.length - 1), by: fc.constantFrom('', 'x', '0', '"', '}', '\n', whole.slice(0, 200)) });
    const expected = answersOf({ definitions: yard.load(), opened: [] });
    fc.assert(
      fc.property(changed, ({ at, by }) => {
        writeFileSync(yard.paths.definitions, whole.slice(0, at) + by + whole.slice(at + 1));
        assert.deepEqual(answersOf(live(yard)), expected);
        writeFileSync(yard.paths.definitions, whole.slice(0, at));
        assert.deepEqual(answersOf(live(yard)), expected);
      }),
      { numRuns: 40 },
    );
    for (const text of ['', '\n', 'null\nnull\n', '[]\n[]\n']) {
      writeFileSync(yard.paths.definitions, text);
      assert.equal(live(yard).opened.length, 6, JSON.stringify(text));
    }
  });

  it('are not kept before they have rested: a second edit in the same step of the clock would not be seen', () => {
    // However long this machine takes to come to the reading, it is one of the moment in which the files were made.
    const madeMs = Date.now();
    const yard = createFullYard();
    assert.equal(live(yard, { nowMs: madeMs }).opened.length, 6);
    assert.equal(live(yard, { nowMs: madeMs }).opened.length, 6);
    live(yard);
    const editedMs = Date.now();
    yard.put('plain.yaml', 'run: {command: [./x.sh]}\n');
    for (const _ of [1, 2]) assert.deepEqual(live(yard, { nowMs: editedMs }).opened, ['plain.yaml', 'bus.yaml']);
  });

  it('are kept in a state folder that is there and ours, and nowhere else', () => {
    const yard = createFullYard();
    live(yard, { uid: 4711 });
    assert.equal(statSync(yard.paths.definitions, { throwIfNoEntry: false }), undefined);
    rmSync(yard.paths.state, { recursive: true });
    live(yard);
    assert.equal(statSync(yard.paths.state, { throwIfNoEntry: false }), undefined);
    mkdirSync(yard.paths.definitions, { recursive: true });
    assert.equal(live(yard).opened.length, 6);
  });

  it('are not written down anew for a few edits among very many', () => {
    const yard = createYard();
    mkdirSync(yard.paths.state, { recursive: true });
    for (let n = 0; n < 100; n += 1) yard.put(`job-${n}.yaml`, 'run: {command: [true]}\n');
    live(yard);
    const before = readFileSync(yard.paths.definitions, 'utf8');
    yard.put('job-7.yaml', 'run: {command: [false]}\n');
    assert.deepEqual(live(yard).opened, ['job-7.yaml']);
    assert.equal(readFileSync(yard.paths.definitions, 'utf8'), before);
    yard.put('job-8.yaml', 'run: {command: [false]}\n');
    assert.deepEqual(live(yard).opened.toSorted(), ['job-7.yaml', 'job-8.yaml']);
    assert.notEqual(readFileSync(yard.paths.definitions, 'utf8'), before);
    assert.deepEqual(live(yard).opened, []);
  });
});

describe('the mark of a text', () => {
  it('is another for another text', () => {
    const seen = new Map<string, string>();
    fc.assert(
      fc.property(fc.string({ maxLength: 40 }), fc.nat(40), fc.string({ maxLength: 2 }), (text, at, by) => {
        for (const one of [text, text.slice(0, at) + by + text.slice(at), text.slice(0, at) + by + text.slice(at + 1)]) {
          const mark = textMark(one);
          assert.equal(seen.get(mark) ?? one, one);
          seen.set(mark, one);
        }
      }),
      { numRuns: 2_000 },
    );
  });
});
