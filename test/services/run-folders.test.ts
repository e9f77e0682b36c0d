import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { CadenceError } from '../../lib/core/error.ts';
import type { ChildExit, Files } from '../../lib/ports.ts';
import { type RunFoldersDeps, sweepRunFolders } from '../../lib/services/run-folders.ts';
import { testBus } from '../support/bus.ts';
import { eventually } from '../support/eventually.ts';

const ENDED: ChildExit = { code: 0, signal: null, spawnError: null, lost: false };
const RUN = 'survivor1111-1';

/** Run folders on a real disk, and a child that lives until the test says that it has ended. */
function createYard(files?: (real: Files) => Files) {
  const { paths, files: real, clock } = testBus();
  const [faults, told]: [unknown[], string[]] = [[], []];
  let end: () => void = () => undefined;
  const ended = new Promise<ChildExit>((resolve) => {
    end = () => resolve(ENDED);
  });
  let adoptions = 0;
  const deps: RunFoldersDeps = {
    ...{ clock, paths, files: files?.(real) ?? real },
    journal: { emit: ({ stage, path }) => void told.push(`${stage} ${String(path).slice(paths.running.length + 1)}`) },
    isAlive: (_runId, runDir) => runDir.endsWith(RUN),
    adopt() {
      adoptions += 1;
      return { exited: ended, stop: async () => [], leave: () => undefined };
    },
    onFault: (error) => faults.push(error),
  };
  const begin = (runId: string): void => {
    const path = `${paths.running}/${runId}/run.json`;
    real.makeDir(`${paths.running}/${runId}`);
    real.remove(path);
    real.create(path, `{"run_id":"${runId}"}\n`);
  };
  return { paths, real, clock, deps, faults, told, begin, end: () => end(), adoptions: () => adoptions };
}

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

describe('folders of runs whose ticks are settled', () => {
  it('go at once where nobody lives, are kept where their tick is claimed, and what is no run is left', async () => {
    const { real, paths, deps, told, begin } = createYard();
    for (const runId of ['dead11111111-1', 'known1111111-1', 'somebodys']) begin(runId);
    sweepRunFolders(deps, real.list(paths.running), new Set(['known1111111-1']));
    assert.deepEqual(real.list(paths.running).toSorted(), ['known1111111-1', 'somebodys']);
    assert.deepEqual(told, []);
  });

  it('are left and told while a child lives, and go when it has ended', async () => {
    const { real, paths, deps, told, faults, begin, end } = createYard();
    begin(RUN);
    sweepRunFolders(deps, real.list(paths.running), new Set());
    await turn();
    assert.deepEqual(real.list(paths.running), [RUN]);
    assert.deepEqual(told, [`foreign_left ${RUN}`]);
    end();
    await eventually('the folder is gone', () => real.list(paths.running).length === 0);
    assert.deepEqual(faults, []);
  });

  it('are the next run’s once that has begun there, for a try that was not charged gives its id away', async () => {
    const { real, paths, deps, faults, begin, end } = createYard();
    begin(RUN);
    sweepRunFolders(deps, real.list(paths.running), new Set());
    await turn();
    begin(RUN);
    end();
    await turn();
    await turn();
    assert.deepEqual(real.list(paths.running), [RUN]);
    assert.deepEqual(faults, []);
  });

  it('go in the end where the disk refused at first, and any other fault is told', async () => {
    let refusals = 2;
    const { real, paths, clock, deps, faults, begin, end, adoptions } = createYard((disk) => ({
      ...disk,
      removeTree(path) {
        refusals -= 1;
        if (refusals >= 0) throw new CadenceError('io', `cannot remove ${path}: EIO`, 'See the disk.');
        disk.removeTree(path);
      },
    }));
    begin(RUN);
    sweepRunFolders(deps, real.list(paths.running), new Set());
    end();
    for (const tries of [2, 3]) {
      await turn();
      assert.deepEqual(real.list(paths.running), [RUN]);
      clock.advance(60_000);
      await turn();
      assert.equal(adoptions(), tries);
    }
    assert.deepEqual(real.list(paths.running), []);
    assert.deepEqual(faults, []);
    const broken = createYard((disk) => ({
      ...disk,
      removeTree() {
        throw new Error('a bug');
      },
    }));
    broken.begin(RUN);
    sweepRunFolders(broken.deps, [RUN], new Set());
    broken.end();
    await eventually('it is told', () => broken.faults.length > 0);
    assert.match(String(broken.faults[0]), /a bug/);
  });
});
