import assert from 'node:assert/strict';
import { existsSync, mkdirSync, readdirSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import { createFiles } from '../../lib/platform/files.ts';
import type { Files } from '../../lib/ports.ts';
import { testClock } from '../support/bus.ts';
import { storyOwner, storyRunner } from '../support/story.ts';
import { tempRoot } from '../support/temp-root.ts';

const T0 = Date.UTC(2026, 10, 20, 7);

function owner(filesOf: (files: Files) => Files = (files) => files) {
  const root = tempRoot();
  mkdirSync(`${root}/cadences`);
  const clock = testClock(T0);
  let setByMs = 0;
  const { parts } = storyOwner(root, filesOf(createFiles()), clock, storyRunner(), undefined, () => clock.nowMs() - setByMs);
  /** Its clock, not the time. */
  const setClock = (ms: number): void => {
    setByMs += ms;
    clock.set(clock.nowMs() + ms);
  };
  return { parts, clock, setClock };
}

describe('the upkeep', () => {
  it('removes history and output beyond their keep, once a day, and never what is young', async () => {
    const { parts, clock } = owner();
    for (const day of ['2026-01-02', '2026-11-19']) {
      writeFileSync(`${parts.paths.runs}/${day}.jsonl`, '');
      writeFileSync(`${parts.paths.subsessions}/${day}-nightly-x7k2p9qd4mzt-1.stdout.log`, 'said');
    }
    await parts.upkeep.daily();
    assert.deepEqual(
      readdirSync(parts.paths.runs).filter((file) => file.endsWith('.jsonl')),
      ['2026-11-19.jsonl'],
    );
    writeFileSync(`${parts.paths.runs}/2026-01-03.jsonl`, '');
    await parts.upkeep.daily();
    assert.ok(readdirSync(parts.paths.runs).includes('2026-01-03.jsonl'));
    clock.advance(86_400_000);
    await parts.upkeep.daily();
    assert.ok(!readdirSync(parts.paths.runs).includes('2026-01-03.jsonl'));
  });

  it('removes nothing where the clock was set forward by a year, and does when a day has passed since', async () => {
    const { parts, clock, setClock } = owner();
    const told: unknown[] = [];
    parts.journal.onEvent(({ stage, because }) => stage === 'upkeep' && told.push(because));
    await parts.upkeep.daily();
    for (const day of ['2026-11-19', '2026-11-20']) writeFileSync(`${parts.paths.runs}/${day}.jsonl`, '');
    const isKept = (): boolean => readdirSync(parts.paths.runs).includes('2026-11-19.jsonl');
    setClock(365 * 86_400_000);
    await parts.upkeep.daily();
    assert.deepEqual([isKept(), told], [true, ['the clock was set forward by 365d, so nothing is removed for its age before tomorrow']]);
    setClock(-365 * 86_400_000);
    await parts.upkeep.daily();
    assert.ok(isKept());
    setClock(365 * 86_400_000);
    await parts.upkeep.daily();
    clock.advance(86_400_000);
    await parts.upkeep.daily();
    assert.ok(!isKept(), 'whoever lets it stand for a day means it');
  });

  it('lets an owner begin its work first, for a moment, and then comes whatever there is to do', async () => {
    const { parts, clock } = owner();
    const draft = `${parts.paths.tmp}/aaaaaaaaaaaa.999999999`;
    writeFileSync(draft, 'half');
    const untilMs = (await parts.upkeep.daily(() => true)) ?? 0;
    assert.ok(untilMs > clock.nowMs() && existsSync(draft));
    clock.advance(untilMs - clock.nowMs());
    assert.equal(await parts.upkeep.daily(() => true), undefined);
    assert.ok(!existsSync(draft));

    const idle = owner().parts;
    writeFileSync(`${idle.paths.tmp}/aaaaaaaaaaaa.999999999`, 'half');
    assert.equal(await idle.upkeep.daily(() => false), undefined);
    assert.deepEqual(readdirSync(idle.paths.tmp), []);
  });

  it('sweeps drafts of producers that died, and leaves those of the living', async () => {
    const { parts } = owner();
    writeFileSync(`${parts.paths.tmp}/aaaaaaaaaaaa.999999999`, 'half');
    writeFileSync(`${parts.paths.tmp}/bbbbbbbbbbbb.${process.pid}`, 'half');
    await parts.upkeep.daily();
    assert.deepEqual(readdirSync(parts.paths.tmp), [`bbbbbbbbbbbb.${process.pid}`]);
  });

  it('never holds the names of a long backlog all at once, nor keeps the owner from its work over them', async () => {
    const listed: string[] = [];
    const { parts, clock } = owner((files) => ({
      ...files,
      list: (dir) => {
        listed.push(dir);
        return files.list(dir);
      },
      // Each part takes longer than a slice.
      *listParts(dir) {
        for (const file of files.list(dir)) {
          clock.advance(10);
          yield [file];
        }
      },
    }));
    const { paths } = parts;
    for (const [n, folder] of [paths.inbox, paths.waiting].entries()) writeFileSync(`${folder}/20261120T070000000Z.flat.x7k2p9qd4mz${n}.0.json`, '{}');
    let turns = 0;
    clock.breathe = async () => {
      turns += 1;
    };
    await parts.upkeep.daily();
    assert.deepEqual(
      listed.filter((dir) => [paths.inbox, paths.waiting, paths.claimed, paths.dlq].includes(dir)),
      [],
    );
    assert.ok(turns >= 2, `${turns} turns`);
  });

  it('sweeps what an owner was killed over, at once where only owners write, and else when it is old', async () => {
    const { parts, clock } = owner();
    const { paths } = parts;
    const name = '20261120T070000000Z.bus-care.x7k2p9qd4mzt.0';
    const own = [
      `${paths.waiting}/${name}.json.2033266587`,
      `${paths.claimed}/${name}.json.17`,
      `${paths.dlq}/${name}.exhausted.json.17`,
      `${paths.runs}/digest.json.17`,
      `${paths.slots}/cursors.json.17`,
    ];
    const shared = [`${paths.state}/alerts.json.17`, `${paths.outbox}/abc.json.17`, `${paths.inbox}/${name}.json.17`, `${paths.tmp}/x7k2p9qd4mzt.3.json`];
    const users = [`${paths.waiting}/notes.17`, `${paths.state}/inbox.17`, `${paths.outbox}/notes`, `${paths.tmp}/mine.json`];
    const there = (all: readonly string[]): readonly string[] => all.filter((path) => existsSync(path));
    const touch = (path: string, atMs: number): void => {
      writeFileSync(path, 'half');
      utimesSync(path, atMs / 1000, atMs / 1000);
    };
    for (const path of [...own, ...shared]) touch(path, T0 - 60_000);
    for (const path of users) touch(path, T0 - 365 * 86_400_000);
    await parts.upkeep.daily();
    assert.deepEqual([there(own), there(shared), there(users)], [[], shared, users]);
    clock.advance(86_400_000);
    await parts.upkeep.daily();
    assert.deepEqual([there(shared), there(users)], [[], users]);
  });

  it('puts an empty folder in the place of a drop zone that a burst has bloated, and never over a tick', async () => {
    const bloated = (files: Files): Files => ({
      ...files,
      info(path) {
        const info = files.info(path);
        return info !== undefined && path.endsWith('/inbox') ? { ...info, sizeBytes: 8 * 1024 * 1024 } : info;
      },
    });
    const { parts, clock } = owner(bloated);
    const inode = () => statSync(parts.paths.inbox).ino;
    const before = inode();
    writeFileSync(`${parts.paths.inbox}/x.json`, '{}');
    await parts.upkeep.daily();
    assert.equal(inode(), before);
    rmSync(`${parts.paths.inbox}/x.json`);
    clock.advance(86_400_000);
    await parts.upkeep.daily();
    assert.notEqual(inode(), before);
  });
});
