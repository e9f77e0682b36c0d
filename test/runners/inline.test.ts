import assert from 'node:assert/strict';
import { readdirSync, readFileSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import type { HandlerAnswer } from '../../lib/core/handler.ts';
import { describeThrow, judgeAnswer } from '../../lib/runners/answer.ts';
import { createInlineWork } from '../../lib/runners/inline.ts';
import { phaseOf, type RunnerDeps } from '../../lib/runners/phase.ts';
import { eventually } from '../support/eventually.ts';
import { hookedFiles } from '../support/hooked-files.ts';
import { reasonOf, workbench } from './workbench.ts';

const disk = hookedFiles();
let deps: RunnerDeps | undefined;
const bench = workbench((given) => (deps = { ...given, files: disk }));
let files = 0;

function handler(source: string, name = `handler-${++files}.mjs`): string {
  const file = join(bench.root, name);
  writeFileSync(file, source);
  return file;
}

const job = (file: string, more = {}, tick = {}) => bench.job({ kind: 'inline', file }, more, tick);
/** Files are edited between two turns of the event loop. */
const turn = (): Promise<void> => new Promise((next) => setImmediate(next));
const answerOf = async (source: string, more = {}) => reasonOf((await bench.run(job(handler(source), more))).outcome);

describe('a handler', () => {
  it('is ok with nothing, or with a text that is its summary', async () => {
    assert.equal(await answerOf('export default () => {}'), 'ok: ');
    assert.equal(await answerOf('export default async () => "swept 3"'), 'ok: swept 3');
  });

  it('may answer in its closed set, and in no other way', async () => {
    assert.equal(await answerOf('export default () => ({ kind: "skip", reason: "no mail" })'), 'skip: no mail');
    assert.equal(await answerOf('export default () => ({ kind: "give_up", reason: "no such account" })'), 'give_up: no such account');
    assert.equal(
      await answerOf('export default () => ({ kind: "done" })'),
      'fail: its handler answered {"kind":"done"}; it may answer nothing, a text, or { kind: ok | skip | defer | fail | give_up }',
    );
    const deferred = await bench.run(job(handler('export default () => ({ kind: "defer", delay: "10m", reason: "busy" })')));
    assert.deepEqual(deferred.outcome, { kind: 'defer', delayMs: 600_000, reason: 'busy' });
  });

  it('has no process: no ending, and no file unless it logs', async () => {
    const end = await bench.run(job(handler('export default () => "fine"')));
    assert.deepEqual([end.ending, end.stdoutPath, end.stderrPath], [undefined, null, null]);
  });

  it('logs lines into the stdout file of its run', async () => {
    const end = await bench.run(job(handler('export default (tick, { log }) => { log("one"); log({ two: 2 }); log(3n); log(undefined); }')));
    assert.equal(readFileSync(end.stdoutPath as string, 'utf8'), 'one\n{"two":2}\n3\nundefined\n');
  });

  it('logs an error as what it says and where it comes from', async () => {
    const end = await bench.run(job(handler('export default (tick, { log }) => { log(new TypeError("no such table")); }')));
    assert.match(readFileSync(end.stdoutPath as string, 'utf8'), /^TypeError: no such table\n {4}at .*\.mjs/);
  });

  it('is told its tick, its run and its root, and cannot change the tick', async () => {
    const file = handler(
      'export default (tick, c) => { tick.payload.n = 9; return [tick.payload.n, c.runId, c.attempt, c.root, c.signal.aborted].join(" "); }',
    );
    const told = job(file, {}, { payload: { n: 1 } });
    assert.equal(reasonOf((await bench.run(told)).outcome), `ok: 9 ${told.runId} 1 ${bench.root} false`);
    assert.deepEqual(told.tick.payload, { n: 1 });
  });

  it('enqueues ticks as children of its run, and none any more when its run is over', async () => {
    const file = handler('export default async (tick, c) => { await c.enqueue("other", { payload: 1 }); globalThis.lateEnqueue = c.enqueue; }');
    const parent = job(file, {}, { depth: 2 });
    await bench.run(parent);
    assert.deepEqual(bench.enqueued, [{ cadence: 'other', options: { payload: 1 }, parent: { runId: parent.runId, depth: 3 } }]);
    const late = (globalThis as unknown as { lateEnqueue: (cadence: string) => Promise<unknown> }).lateEnqueue;
    await assert.rejects(late('other'), /is over/);
  });

  it('fails with its message and its own line when it throws, or what it throws is no error', async () => {
    assert.match(await answerOf('export default () => {\n  JSON.parse("{");\n}'), /^fail: .*JSON.* \(.*handler-\d+\.mjs:2:8\)$/);
    assert.match(
      await answerOf('export default async () => {\n\n  throw new Error("no mailbox\\u001b[2J");\n}'),
      /^fail: no mailbox\\x1b\[2J \(.*\.mjs:3:9\)$/,
    );
    assert.equal(await answerOf('export default () => { throw "a text"; }'), 'fail: threw a text');
    assert.equal(await answerOf('export default () => Promise.reject()'), 'fail: threw undefined');
  });

  it('that cannot be loaded is a failure that says why and where', async () => {
    assert.match(await answerOf('export const handler = 1'), /has no default export that is a function/);
    assert.match(
      await answerOf('export default () => {\n  let 1x;\n}'),
      /^fail: its handler \/.*handler-\d+\.mjs could not be loaded: \w.*; node \/.*handler-\d+\.mjs shows where$/,
    );
    assert.match(await answerOf('import "./absent.mjs"; export default () => {}'), /^fail: its handler .* could not be loaded: .*absent\.mjs/);
    assert.match(reasonOf((await bench.run(job(join(bench.root, 'gone.mjs')))).outcome), /gone\.mjs is not there/);
  });

  it('in a .ts file that this Node does not load says what to do instead', async () => {
    const file = handler('export default () => {}', 'typed.ts');
    const refuse = async (): Promise<never> =>
      Promise.reject(Object.assign(new TypeError('Unknown file extension ".ts"'), { code: 'ERR_UNKNOWN_FILE_EXTENSION' }));
    const work = createInlineWork(deps as RunnerDeps, refuse);
    const one = job(file);
    const end = await work.run({ kind: 'inline', file }, phaseOf(deps as RunnerDeps, one, 'run', one.startedMs), bench.stop());
    assert.equal(reasonOf(end.outcome), `fail: its handler ${file} could not be loaded: this Node does not load .ts (Node >= 22.18 does): write it as .mjs`);
  });

  it('M6 is used as edited at once, and is loaded only once while nobody edits it', async () => {
    const file = handler('let n = 0; export default () => "first " + ++n', 'edited.mjs');
    assert.equal(reasonOf((await bench.run(job(file))).outcome), 'ok: first 1');
    assert.equal(reasonOf((await bench.run(job(file))).outcome), 'ok: first 2');
    await turn();
    writeFileSync(file, 'let n = 0; export default () => "other " + ++n');
    utimesSync(file, new Date(), new Date(Date.now() + 5000));
    assert.equal(reasonOf((await bench.run(job(file))).outcome), 'ok: other 1');
  });

  it('costs one look at its file, whoever else runs in the same turn of the event loop, and none at words that it did not say', async () => {
    const file = handler('export default () => "quick"', 'quick.mjs');
    await bench.run(job(file));
    await turn();
    const looks: string[] = [];
    disk.before = (_call, path) => void looks.push(path);
    for (let n = 0; n < 5; n += 1) assert.equal(reasonOf((await bench.run(job(file))).outcome), 'ok: quick');
    disk.before = () => undefined;
    assert.deepEqual(looks, [file]);
  });

  it('is loaded again after a failure that lay in what it imports', async () => {
    const file = handler('import { n } from "./part.mjs"; export default () => "n is " + n', 'whole.mjs');
    assert.match(reasonOf((await bench.run(job(file))).outcome), /could not be loaded/);
    handler('export const n = 5;', 'part.mjs');
    assert.equal(reasonOf((await bench.run(job(file))).outcome), 'ok: n is 5');
  });

  it('lies at a path with spaces, percents and question marks', async () => {
    const file = handler('export default () => "found"', 'a %20 ?x#y.mjs');
    assert.equal(reasonOf((await bench.run(job(file))).outcome), 'ok: found');
  });
});

describe('a handler that takes too long', () => {
  const HEEDS = 'export default (tick, { signal, log }) => new Promise((end) => { log("at work"); signal.addEventListener("abort", () => end("swept")); })';
  const DEAF = 'export default (tick, { log }) => { log("at work"); return new Promise(() => {}); }';

  it('is asked to end by its signal, and has timed out whatever it answers then', async () => {
    assert.match(await answerOf(HEEDS, { timeoutMs: 50 }), /^fail: timed out after [^;]+$/);
  });

  it('is abandoned after its grace, which its reason says', async () => {
    assert.match(
      await answerOf(DEAF, { timeoutMs: 50, killGraceMs: 20 }),
      /^fail: timed out after .*; its handler did not heed the signal for 20ms and was abandoned: it may still be at work$/,
    );
  });

  it('is cancelled and halted in the same way, and is not started at all after that', async () => {
    const one = job(handler(HEEDS));
    const stop = bench.stop();
    const end = bench.run(one, stop);
    await bench.hear(one, /at work/);
    stop.stop('cancel');
    assert.equal(reasonOf((await end).outcome), 'cancelled: cancelled');
    const never = await bench.run(job(handler('globalThis.wasLoaded = true; export default () => {}')), stop);
    assert.equal(never.outcome.kind, 'cancelled');
    assert.equal('wasLoaded' in globalThis, false);
  });

  it('is not stopped for saying nothing', async () => {
    const file = handler('export default () => new Promise((end) => { globalThis.endQuiet = end; })');
    const end = bench.run(job(file, { idleTimeoutMs: 20 }));
    const quiet = globalThis as unknown as { endQuiet?: (answer: string) => void };
    await eventually('it waits', () => quiet.endQuiet);
    const other = await answerOf(DEAF, { timeoutMs: 60, killGraceMs: 1 });
    assert.match(other, /timed out/);
    quiet.endQuiet?.('done');
    assert.equal(reasonOf((await end).outcome), 'ok: done');
  });

  it('brings nobody down when it fails after it was abandoned', async () => {
    const file = handler(
      'export default (tick, c) => new Promise((end, fail) => { globalThis.failLate = () => { c.log("late"); fail(new Error("late")); }; })',
    );
    const one = job(file, { timeoutMs: 20, killGraceMs: 1 });
    assert.equal((await bench.run(one)).outcome.kind, 'fail');
    (globalThis as unknown as { failLate: () => void }).failLate();
    await new Promise((turn) => setImmediate(turn));
    assert.equal(bench.said(one), '');
  });
});

describe('what a handler answers', () => {
  it('may be nothing, in its type too', async () => {
    const quiet = async (): Promise<HandlerAnswer> => {};
    assert.deepEqual(judgeAnswer(await quiet()), { kind: 'ok', summary: '' });
  });

  it('fails in words, however odd it is', () => {
    const hostile = [null, 5, true, Symbol('x'), 10n, [], () => 1, { kind: 'ok', summary: 5 }, { kind: 'defer', delay: 'soon' }, Object.create(null)];
    const circular: Record<string, unknown> = {};
    circular.self = circular;
    const trap = new Proxy(
      {},
      {
        get: () => {
          throw new Error('trap');
        },
      },
    );
    for (const answer of [...hostile, circular, trap]) assert.equal(judgeAnswer(answer).kind, 'fail');
    assert.equal(
      reasonOf(judgeAnswer({ kind: 'defer', delay: 'soon' })),
      'fail: its handler answered "defer" with the delay "soon", which is no duration like 10m',
    );
    assert.equal(reasonOf(judgeAnswer('\u001b[31mred')), 'ok: \\x1b[31mred');
    assert.equal((judgeAnswer('x'.repeat(10_000)) as { summary: string }).summary.length, 200);
  });

  it("names the first line of the user's own, not ours and not that of a library", () => {
    const error = new Error('boom');
    error.stack =
      'Error: boom\n    at parse (node:internal/x:1:2)\n    at lib (file:///a/node_modules/y/z.js:3:4)\n    at own (file:///home/me/my%20jobs/sweep.mjs?v=1-2:5:6)\n';
    assert.equal(describeThrow(error), 'boom (/home/me/my jobs/sweep.mjs:5:6)');
    error.stack = undefined as unknown as string;
    assert.equal(describeThrow(error), 'boom');
    assert.equal(describeThrow({ a: 1 }), 'threw [object Object]');
  });
});

describe('the root of the tests', () => {
  it('has no empty log files in it', () => {
    for (const name of readdirSync(bench.paths.subsessions)) assert.notEqual(readFileSync(join(bench.paths.subsessions, name), 'utf8'), '');
  });
});
