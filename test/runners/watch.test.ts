import assert from 'node:assert/strict';
import { appendFileSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { CadenceError } from '../../lib/core/error.ts';
import { cutLog } from '../../lib/platform/child-log.ts';
import { createFiles } from '../../lib/platform/files.ts';
import { createStopSignal } from '../../lib/runners/stop-signal.ts';
import { createWatch, type Watch, type WatchedRun } from '../../lib/runners/watch.ts';
import { testClock } from '../support/bus.ts';
import { eventually } from '../support/eventually.ts';
import { tempRoot } from '../support/temp-root.ts';
import { reasonOf, workbench } from './workbench.ts';

const root = tempRoot();
const files = createFiles();
let runs = 0;

/** A watch over real files whose time moves when the test says so; counts the timers that are set. */
function bench(more: Partial<typeof files> = {}) {
  const clock = testClock();
  const timers = { set: 0, open: 0 };
  const after: typeof clock.after = (ms, wake) => {
    timers.set += 1;
    timers.open += 1;
    let isOpen = true;
    const close = (): void => {
      if (isOpen) timers.open -= 1;
      isOpen = false;
    };
    const timer = clock.after(ms, () => {
      close();
      wake();
    });
    return {
      close() {
        close();
        timer.close();
      },
    };
  };
  let setBackMs = 0;
  // As coarse as that of some systems.
  const sinceBootMs = (): number => Math.floor(clock.nowMs() / 1000) * 1000;
  const watch = createWatch({ clock: { ...clock, after, nowMs: () => clock.nowMs() - setBackMs }, files: { ...files, ...more }, cutLog, sinceBootMs });
  const causes: string[] = [];
  const add = (more: Partial<WatchedRun> = {}): { readonly path: string; readonly watched: ReturnType<Watch['add']> } => {
    const path = join(root, `run-${++runs}`);
    writeFileSync(`${path}.out`, '');
    const limits = {
      timeoutMs: 0,
      idleTimeoutMs: 0,
      logCapBytes: 0,
      startedMs: clock.nowMs() - setBackMs,
      onLimit: (cause: string) => void causes.push(cause),
    };
    return { path, watched: watch.add({ stdoutPath: `${path}.out`, stderrPath: `${path}.err`, ...limits, ...more }) };
  };
  const seconds = (count: number): void => {
    for (let second = 0; second < count; second++) clock.advance(1000);
  };
  /** The clock on the wall; timers go by another, as those of Node do. */
  const setBack = (ms: number): void => {
    setBackMs += ms;
  };
  return { clock, timers, causes, add, seconds, setBack };
}

describe('the watch over all runs', () => {
  it('has one timer for any number of runs, and none when there is nothing to watch', () => {
    const { timers, add, seconds } = bench();
    assert.equal(timers.open, 0);
    const all = Array.from({ length: 100 }, () => add({ timeoutMs: 3_600_000, idleTimeoutMs: 3_600_000 }));
    assert.deepEqual(timers, { set: 1, open: 1 });
    seconds(10);
    assert.deepEqual(timers, { set: 11, open: 1 });
    for (const { watched } of all) watched.end();
    assert.equal(timers.open, 0);
    seconds(10);
    assert.equal(timers.set, 11);
  });

  it('goes on looking once a second while runs come and go', () => {
    const { clock, causes, add } = bench();
    add({ timeoutMs: 5000 });
    for (let step = 0; step < 100; step++) {
      add({ timeoutMs: 3_600_000 }).watched.end();
      clock.advance(60);
    }
    assert.deepEqual(causes, ['timeout']);
  });

  it('P3 reports a timeout once, exactly when it is due, and not after the end', () => {
    const { clock, causes, add } = bench();
    const one = add({ timeoutMs: 1300 });
    clock.advance(1000);
    clock.advance(299);
    assert.deepEqual(causes, []);
    clock.advance(1);
    assert.deepEqual(causes, ['timeout']);
    clock.advance(5000);
    one.watched.end();
    add({ timeoutMs: 1300 }).watched.end();
    clock.advance(5000);
    assert.deepEqual(causes, ['timeout']);
  });

  it('D28 reports a run that is quiet on both of its files, and none that grows on either', () => {
    const { causes, add, seconds } = bench();
    const { path } = add({ idleTimeoutMs: 3000 });
    for (let second = 0; second < 10; second++) {
      appendFileSync(`${path}.err`, '.');
      seconds(1);
    }
    assert.deepEqual(causes, []);
    seconds(3);
    assert.deepEqual(causes, ['idle']);
  });

  it('cuts a log that passed its cap while its run goes on, a last time at its end, and counts what it dropped', () => {
    const { add, seconds } = bench();
    const { path, watched } = add({ logCapBytes: 1_000_000 });
    const flood = `${'y'.repeat(99)}\n`.repeat(20_000);
    for (const file of [`${path}.out`, `${path}.err`]) appendFileSync(file, flood);
    seconds(1);
    assert.ok(statSync(`${path}.out`).size < 600_000);
    appendFileSync(`${path}.out`, flood);
    const dropped = watched.end().droppedBytes;
    const left = [`${path}.out`, `${path}.err`].map((file) => readFileSync(file, 'utf8'));
    const markers = left.join('').match(/^\[cadence-bus\] .*\n/gm) ?? [];
    assert.equal(markers.length, 2);
    assert.equal(left.join('').length - markers.join('').length + dropped, 3 * flood.length);
    assert.equal(watched.end().droppedBytes, dropped);
  });

  it('reminds whoever follows the output once a second, and no more once the run has ended', () => {
    const { add, seconds } = bench();
    let looks = 0;
    const { watched } = add({ onLook: () => void looks++ });
    seconds(3);
    watched.end();
    seconds(3);
    assert.equal(looks, 3);
  });

  it('looks at who has long been quiet more and more seldom, until a hint of its first word', () => {
    const ears = new Map<string, () => void>();
    const hearing: typeof files.watch = (path, onChange) => {
      ears.set(path, onChange);
      return { close: () => void ears.delete(path) };
    };
    const { add, seconds } = bench({ watch: hearing });
    let looks = 0;
    const { path, watched } = add({ onLook: () => void looks++ });
    const looksIn = (count: number): number => {
      const before = looks;
      seconds(count);
      return looks - before;
    };
    assert.equal(looksIn(14), 14);
    assert.equal(ears.size, 0);
    assert.ok(looksIn(60) < 10);
    assert.equal(looksIn(60), 4);
    assert.deepEqual([...ears.keys()], [`${path}.out`, `${path}.err`]);
    const say = ears.get(`${path}.err`);
    appendFileSync(`${path}.err`, 'a word');
    say?.();
    assert.equal(ears.size, 0);
    assert.equal(looksIn(10), 10);
    seconds(20);
    assert.equal(ears.size, 2);
    watched.end();
    assert.equal(ears.size, 0);
  });

  it('does not look at the quiet each time that it looks at one who talks', () => {
    const { add, seconds } = bench();
    let [quietLooks, looks] = [0, 0];
    const talker = add({ signs: () => ++looks });
    const quiet = add({ onLook: () => void quietLooks++ });
    seconds(90);
    const [quietBefore, before] = [quietLooks, looks];
    seconds(60);
    assert.equal(looks - before, 60);
    assert.ok(quietLooks - quietBefore <= 8, `${quietLooks - quietBefore} looks`);
    for (const { watched } of [talker, quiet]) watched.end();
  });

  it('has at most two beats for any number of quiet runs, whenever each began', () => {
    const { timers, clock, add, seconds } = bench();
    const all = Array.from({ length: 50 }, () => {
      clock.advance(730);
      return add();
    });
    seconds(120);
    const { set } = timers;
    seconds(60);
    assert.ok(timers.set - set <= 8, `${timers.set - set} timers`);
    for (const { watched } of all) watched.end();
  });

  it('goes on looking where the clock was set back while all are quiet', () => {
    const { causes, add, seconds, setBack } = bench();
    add({ idleTimeoutMs: 100_000 });
    seconds(60);
    setBack(3_600_000);
    seconds(39);
    assert.deepEqual(causes, []);
    seconds(30);
    assert.deepEqual(causes, ['idle']);
  });

  it('ends no run because the clock was set forward, and each in its time after that', () => {
    const { causes, add, seconds, setBack } = bench();
    add({ timeoutMs: 60_000 });
    seconds(10);
    setBack(-86_400_000);
    seconds(10);
    add({ timeoutMs: 60_000 });
    seconds(38);
    assert.deepEqual(causes, []);
    seconds(3);
    assert.deepEqual(causes, ['timeout']);
    setBack(-86_400_000);
    seconds(15);
    assert.deepEqual(causes, ['timeout']);
    seconds(5);
    assert.deepEqual(causes, ['timeout', 'timeout']);
  });

  it('takes no notice of a clock that was set while nothing ran', () => {
    const { causes, add, seconds, setBack } = bench();
    setBack(-86_400_000);
    add({ timeoutMs: 60_000 });
    seconds(57);
    assert.deepEqual(causes, []);
    seconds(4);
    assert.deepEqual(causes, ['timeout']);
  });

  it('cuts the log of who floods after a long quiet within a second of the first word', async () => {
    const { clock, timers, add, seconds } = bench();
    const { path, watched } = add({ logCapBytes: 1_000_000 });
    writeFileSync(`${path}.err`, '');
    seconds(16);
    const { set } = timers;
    appendFileSync(`${path}.out`, `${'y'.repeat(99)}\n`.repeat(20_000));
    await eventually('a hint of the flood', () => timers.set > set);
    clock.advance(1000);
    assert.ok(statSync(`${path}.out`).size < 600_000);
    watched.end();
  });

  it('lives on where the disk refuses to tell or to cut', () => {
    const clock = testClock();
    const refuse = (): never => {
      throw new CadenceError('io', 'EIO');
    };
    const causes: string[] = [];
    const watch = createWatch({ clock, files: { ...files, info: refuse }, cutLog: refuse });
    const limits = { timeoutMs: 2000, idleTimeoutMs: 0, logCapBytes: 1, startedMs: clock.nowMs() };
    const watched = watch.add({ stdoutPath: root, stderrPath: root, ...limits, onLimit: (cause) => void causes.push(cause) });
    clock.advance(1000);
    clock.advance(1000);
    assert.deepEqual(causes, ['timeout']);
    assert.equal(watched.end().droppedBytes, 0);
  });
});

describe('a run that floods its log', () => {
  it('ends well, its log cut to its cap, and the bytes that were dropped are counted', async () => {
    const real = workbench();
    const job = real.job(real.fixture('floods.sh', '20000'), { logCapBytes: 200_000 });
    const { outcome, ending, stdoutPath } = await real.run(job);
    assert.match(reasonOf(outcome), /^ok: line 19995 of a flood/);
    assert.ok((ending?.droppedBytes ?? 0) > 1_000_000);
    assert.ok(statSync(stdoutPath as string).size <= 200_000);
    assert.match(real.said(job), /^line 0 of a flood[\s\S]*\n\[cadence-bus\] \d+ bytes dropped here[\s\S]*line 19999 of a flood.*\n$/);
  });
});

describe('a stop signal', () => {
  it('has one cause, the first, and tells it also to those who come later', () => {
    const signal = createStopSignal();
    const heard: string[] = [];
    signal.onStop((cause) => heard.push(`a ${cause}`));
    assert.equal(signal.cause, undefined);
    signal.stop('halt');
    signal.stop('cancel');
    signal.onStop((cause) => heard.push(`b ${cause}`));
    assert.equal(signal.cause, 'halt');
    assert.deepEqual(heard, ['a halt', 'b halt']);
  });
});
